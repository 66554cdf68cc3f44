import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  type Dirent,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { collectEntries, openSourceFile, resolveSource, sourceFiles } from "./source-files.ts";

let scratch: string;
let root: string;

beforeEach(() => {
  scratch = realpathSync(mkdtempSync(join(tmpdir(), "source-files-")));
  root = join(scratch, "root");
  mkdirSync(join(root, "b/deep"), { recursive: true });
  for (const name of ["a", "b/1", "b/deep/2", "b/z", "c"]) writeFileSync(join(root, name), name);
});

afterEach(() => rmSync(scratch, { recursive: true }));

async function namesBehind(after: string, recursive = true): Promise<readonly string[]> {
  const source = await resolveSource(root, root);
  return (await Array.fromAsync(sourceFiles(source, recursive, after))).map((file) => file.relativePath);
}

test("files come in one order, from which every one of them can be gone on behind", async () => {
  const all = ["a", "b/1", "b/deep/2", "b/z", "c"];
  expect(await namesBehind("")).toEqual(all);
  for (const [index, name] of all.entries()) expect(await namesBehind(name)).toEqual(all.slice(index + 1));
  // One that has gone meanwhile.
  unlinkSync(join(root, "b/deep/2"));
  expect(await namesBehind("b/deep/2")).toEqual(["b/z", "c"]);
  expect(await namesBehind("", false)).toEqual(["a", "c"]);
});

test("a directory without an end is given up when it has more names than may be kept", async () => {
  const [entry] = await readdir(root, { withFileTypes: true });
  let read = 0;
  async function* endless(): AsyncGenerator<Dirent, void, undefined> {
    for (;;) {
      // Whoever counts at the end only would be here for ever.
      if (++read > 1000) throw new Error("read on");
      yield must(entry, "entry");
    }
  }
  const refused = { code: "badRequest", message: expect.stringContaining("more than 100 entries") };
  await expect(collectEntries(root, endless(), 100)).rejects.toMatchObject(refused);
  expect(read).toBe(101);
});

test("a source is below the root by its name and in truth", async () => {
  expect(await resolveSource(root, `${root}//b/`)).toEqual({ path: join(root, "b"), isDirectory: true });
  symlinkSync("/etc", join(root, "link"));
  for (const source of [scratch, `${root}x`, join(root, "link"), join(root, "link/passwd"), "/etc"])
    await expect(resolveSource(root, source)).rejects.toMatchObject({ code: "badRequest" });
  await expect(resolveSource(root, join(root, "none"))).rejects.toMatchObject({ code: "notFound" });
  await expect(resolveSource(join(scratch, "none"), join(scratch, "none/x"))).rejects.toThrow("promote root");
});

test("a root that is a link itself is fine: an administrator put it there", async () => {
  const link = join(scratch, "link");
  symlinkSync(root, link);
  const source = await resolveSource(link, join(link, "a"));
  await using opened = await openSourceFile(link, { path: source.path, relativePath: "a" });
  expect(await Bun.file(opened?.descriptorPath ?? "").text()).toBe("a");
});

test("a directory that turns into a link after it was listed gives nothing away", async () => {
  const outside = join(scratch, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "1"), "secret");
  renameSync(join(root, "b"), join(root, "was-b"));
  symlinkSync(outside, join(root, "b"));
  const file = { path: join(root, "b/1"), relativePath: "b/1" };
  await expect(openSourceFile(root, file)).rejects.toMatchObject({ code: "badRequest" });
  const gone = { path: join(root, "b/none"), relativePath: "b/none" };
  expect(await openSourceFile(root, gone)).toBeNull();
});

test("what is open is read whatever becomes of its name; links, pipes and directories are not opened", async () => {
  await using opened = await openSourceFile(root, { path: join(root, "a"), relativePath: "a" });
  unlinkSync(join(root, "a"));
  expect(await Bun.file(opened?.descriptorPath ?? "").text()).toBe("a");
  symlinkSync(join(root, "c"), join(root, "link"));
  expect(Bun.spawnSync(["mkfifo", join(root, "pipe")]).exitCode).toBe(0);
  for (const name of ["link", "pipe", "b"]) {
    const file = { path: join(root, name), relativePath: name };
    await expect(openSourceFile(root, file)).rejects.toMatchObject({ code: "badRequest" });
  }
  expect(await namesBehind("")).toEqual(["b/1", "b/deep/2", "b/z", "c"]);
});
