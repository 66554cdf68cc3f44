/** Promotion over real daemons: files on the targets' disks become objects (wire-compat 2.2, action `promote`). */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { FaultsFile } from "@ais/testkit/faults.ts";
import { ais } from "./ais.fixture.ts";
import { untilUnderWay } from "./cluster.fixture.ts";
import { contentOf, JobClient, numbered } from "./jobs.fixture.ts";

let cluster: TestCluster;
let jobs: JobClient;
let root: string;
let source: string;
let bucket: string;
let made = 0;
const faults = new FaultsFile();

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "promote-"));
  cluster = await TestCluster.start({ targets: 3, env: { AIS_PROMOTE_ROOT: root, ...faults.env } });
  jobs = new JobClient(cluster);
}, 60_000);

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  faults[Symbol.dispose]();
  rmSync(root, { recursive: true, force: true });
});

beforeEach(async () => {
  made++;
  bucket = `prm-${made}`;
  source = join(root, `source-${made}`);
  mkdirSync(source);
  await jobs.create(bucket);
});

function write(names: readonly string[]): void {
  for (const name of names) {
    const path = join(source, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contentOf(name));
  }
}

const promote = (value: object, name = ""): Promise<Response> =>
  fetch(`${cluster.url}/v1/objects/${bucket}`, {
    method: "POST",
    body: JSON.stringify({ action: "promote", name, value }),
  });

/** The job's id, empty when all was done at the reply. */
async function promoted(value: object): Promise<string> {
  const reply = await promote(value);
  const text = await reply.text();
  if (reply.status !== 200) throw new Error(`${reply.status} ${text}`);
  if (text !== "") expect(await jobs.wait(text)).toMatchObject({ kind: "promote", err: "", aborted: false });
  return text;
}

const anyTarget = async (): Promise<string> => {
  const smap = (await (await fetch(`${cluster.url}/v1/daemon?what=smap`)).json()) as { tmap: object };
  return Object.keys(smap.tmap)[0] ?? "";
};

describe("a file", () => {
  test.each([
    ["", "one"],
    ["dir/", "dir/one"],
    ["named", "named"],
  ])("goes to %p as %p, without a job", async (obj, name) => {
    write(["one"]);
    expect(await promoted({ src: join(source, "one"), obj })).toBe("");
    expect(await jobs.names(bucket)).toEqual([name]);
    expect(await jobs.wrong(bucket, [name], () => contentOf("one"))).toEqual([]);
    expect(existsSync(join(source, "one"))).toBe(true);
  });

  test("takes the place of an object only when told to, and an object that stays keeps the file", async () => {
    write(["one"]);
    await jobs.put(bucket, "one", "older");
    const path = join(source, "one");
    await promoted({ src: path, dls: true });
    expect(await jobs.wrong(bucket, ["one"], () => Buffer.from("older"))).toEqual([]);
    expect(existsSync(path)).toBe(true);
    await promoted({ src: path, dls: true, ovw: true });
    expect(await jobs.wrong(bucket, ["one"], contentOf)).toEqual([]);
    expect(existsSync(path)).toBe(false);
  });

  test("whose very content is stored already may go", async () => {
    write(["one"]);
    await jobs.put(bucket, "one", contentOf("one"));
    await promoted({ src: join(source, "one"), dls: true });
    expect(existsSync(join(source, "one"))).toBe(false);
  });
});

describe("a directory", () => {
  const top = numbered("f-", 40);
  const below = numbered("sub/deep/g-", 40);

  test("is a job, shared by targets that see the same files: none is sent from one to another", async () => {
    write([...top, ...below]);
    const id = await promoted({ src: source, obj: "p/" });
    expect(id).toMatch(/^[A-Za-z0-9_-]{9,32}$/);
    expect(await jobs.names(bucket)).toEqual(top.map((name) => `p/${name}`));
    const snaps = await jobs.snaps({ id });
    expect(snaps).toHaveLength(3);
    const total = (key: string): number => snaps.reduce((sum, { stats }) => sum + Number(stats[key]), 0);
    expect([total("loc-objs"), total("out-objs"), total("in-objs")]).toEqual([40, 0, 0]);
    expect(snaps.every(({ stats }) => Number(stats["loc-objs"]) > 0)).toBe(true);
    expect(snaps[0]?.ctlmsg).toContain(`source: ${source}`);

    expect(await promoted({ src: source, obj: "p/", rcr: true, dls: true, ovw: true })).not.toBe("");
    const all = [...top, ...below].map((name) => `p/${name}`);
    expect(await jobs.names(bucket)).toEqual(all);
    expect(await jobs.wrong(bucket, all, (name) => contentOf(name.slice(2)))).toEqual([]);
    expect(readdirSync(source, { recursive: true, withFileTypes: true }).filter((e) => e.isFile())).toEqual(
      [],
    );
  });

  test("through one target, which sends on what is not its own", async () => {
    write(top);
    const id = await promoted({ src: source, tid: await anyTarget() });
    const [snap, ...others] = await jobs.snaps({ id });
    expect(others).toEqual([]);
    expect(snap?.stats["loc-objs"]).toBe("40");
    expect(Number(snap?.stats["out-objs"])).toBeGreaterThan(0);
    expect(await jobs.wrong(bucket, top, contentOf)).toEqual([]);
    // What is there is neither stored nor counted again.
    await fetch(`${cluster.url}/v1/objects/${bucket}/${top[7]}`, { method: "DELETE" });
    const again = await promoted({ src: source, tid: await anyTarget() });
    expect((await jobs.snaps({ id: again }))[0]?.stats["loc-objs"]).toBe("1");
    expect(await jobs.names(bucket)).toEqual([...top]);
  });

  test("of few files, each target on its own", async () => {
    write(top.slice(0, 10));
    expect(await promoted({ src: source, notshr: true })).toBe("");
    expect(await jobs.wrong(bucket, top.slice(0, 10), contentOf)).toEqual([]);
  });
});

describe("is refused, and changes nothing", () => {
  const refusal = async (value: object, name = "") => {
    const reply = await promote(value, name);
    const { message } = (await reply.json()) as { message: string };
    expect(await jobs.names(bucket)).toEqual([]);
    return { status: reply.status, message };
  };

  test.each([
    ["a path outside the root", { src: "/etc/passwd" }, 400, "is not under"],
    ["a relative path", { src: "etc/passwd" }, 400, "not an absolute path"],
    ["no path", {}, 400, "empty"],
    ["a name that climbs", { src: "/x/y", obj: "../x" }, 400, "invalid object name"],
    ["a value that is no message", { src: 5 }, 400, "invalid promote arguments"],
  ])("%s", async (_, value, status, text) => {
    const { status: got, message } = await refusal(value);
    expect([got, message]).toEqual([status, expect.stringContaining(text)]);
  });

  test("paths that climb, are not there, or hold nothing", async () => {
    expect(await refusal({ src: `${source}/../..` })).toMatchObject({ status: 400 });
    expect(await refusal({ src: `${root}-beside/x` })).toMatchObject({ status: 400 });
    expect(await refusal({ src: `${source}/none` })).toMatchObject({ status: 404 });
    const empty = await refusal({ src: source });
    expect([empty.status, empty.message]).toEqual([400, expect.stringContaining("has no files")]);
  });

  test("two sources that differ, an unknown target, an unknown bucket", async () => {
    write(["one"]);
    const src = join(source, "one");
    expect(await refusal({ src }, `${source}/two`)).toMatchObject({ status: 400 });
    expect(await refusal({ src, tid: "nosuchtarget" })).toMatchObject({ status: 404 });
    const reply = await fetch(`${cluster.url}/v1/objects/nosuch`, {
      method: "POST",
      body: JSON.stringify({ action: "promote", name: src, value: {} }),
    });
    expect(reply.status).toBe(404);
    expect(await reply.text()).toContain("ais://nosuch");
  });

  test("symbolic links: of the path, and below it", async () => {
    const secret = mkdtempSync(join(tmpdir(), "secret-"));
    writeFileSync(join(secret, "s"), "secret");
    symlinkSync(secret, join(source, "link"));
    symlinkSync(join(secret, "s"), join(source, "s"));
    expect(await refusal({ src: join(source, "link") })).toMatchObject({ status: 400 });
    expect(await refusal({ src: join(source, "link/s") })).toMatchObject({ status: 400 });
    expect(await refusal({ src: join(source, "s") })).toMatchObject({ status: 400 });
    // Found below a directory, they are passed over.
    write(["plain"]);
    await promoted({ src: source, rcr: true });
    expect(await jobs.names(bucket)).toEqual(["plain"]);
    rmSync(secret, { recursive: true });
  });
});

test("a target that is killed in the middle finishes its share after the restart", async () => {
  const names = numbered("big-", 2000);
  write(names);
  const target = must(cluster.targets[0], "target");
  let id: string;
  {
    // So slow that it cannot be done before the kill.
    using _slow = faults.set({ operation: "commit", delayMs: 20 });
    const reply = await promote({ src: source, dls: true });
    id = await reply.text();
    expect(reply.status).toBe(200);
    await untilUnderWay(target, id, 20);
    await target.end("SIGKILL");
  }
  target.start();
  await target.ready();
  expect(await jobs.wait(id)).toMatchObject({ aborted: false, err: "" });
  expect(await jobs.names(bucket)).toEqual([...names]);
  expect(await jobs.wrong(bucket, names, contentOf)).toEqual([]);
  expect(readdirSync(source)).toEqual([]);
  const resumed = (await jobs.snaps({ id })).filter(({ ctlmsg }) => ctlmsg?.includes("resumed"));
  expect(resumed).toHaveLength(1);
}, 90_000);

test("the command line promotes, waits, and says what was done", async () => {
  write(numbered("f-", 20));
  const one = await ais(cluster, "object", "promote", join(source, "f-0000"), `ais://${bucket}/x/`);
  expect(one).toMatchObject({
    status: 0,
    out: `Promoted "${join(source, "f-0000")}" => ais://${bucket}\n`,
  });
  const all = await ais(cluster, "promote", source, `ais://${bucket}`, "--wait", "--json");
  expect(JSON.parse(all.out)).toMatchObject({ objects: 20 });
  expect(await jobs.names(bucket)).toHaveLength(21);
  expect((await ais(cluster, "promote", "f", `ais://${bucket}`)).status).toBe(2);
  expect((await ais(cluster, "promote", "/etc/passwd", `ais://${bucket}`)).err).toContain("is not under");
});
