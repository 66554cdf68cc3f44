/** `ais put` of lists and ranges of files. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeCluster } from "@ais/client/testing/fake-cluster.fixture.ts";
import { cli } from "./testing/run-cli.fixture.ts";

let cluster: FakeCluster;
let directory: string;
const path = (name: string): string => join(directory, name);

beforeEach(async () => {
  cluster = await FakeCluster.start();
  cluster.buckets.set("nnn", new Map());
  directory = await mkdtemp(join(tmpdir(), "ais-put-"));
  await mkdir(path("d/sub"), { recursive: true });
  for (const name of ["a.txt", "b.txt", "s-00", "s-01", "s-02", "d/x-1", "d/sub/x-2"])
    await writeFile(path(name), name);
});

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

function ais(...words: readonly string[]) {
  return cli(words, { env: { AIS_ENDPOINT: cluster.endpoint } });
}

/** Names in the bucket, which is empty afterwards. */
function taken(): readonly string[] {
  const names = [...(cluster.buckets.get("nnn")?.keys() ?? [])].sort();
  cluster.buckets.set("nnn", new Map());
  return names;
}

test("a list is of files and directories, below the destination", async () => {
  const list = `${path("a.txt")}, ${path("b.txt")},${path("d")}`;
  const put = await ais("put", "ais://nnn/p/", "--list", list);
  expect([put.status, put.err]).toEqual([0, ""]);
  expect(taken()).toEqual(["p/a.txt", "p/b.txt", "p/x-1"]);
  await ais("put", "ais://nnn", "--list", path("d"), "--recursive", "--include-src-dir");
  expect(taken()).toEqual(["d/sub/x-2", "d/x-1"]);
  // As in AIStore, a list of one file gives it no name.
  await ais("put", "ais://nnn/p-", "--list", path("a.txt"));
  expect(taken()).toEqual(["p-a.txt"]);
});

test("a range keeps what follows the last directory before it", async () => {
  await ais("put", "ais://nnn/r/", "--template", path("s-{00..01}"));
  expect(taken()).toEqual(["r/s-00", "r/s-01"]);
  await ais("put", "ais://nnn", "--template", path("s-@02"));
  expect(taken()).toEqual(["s-00", "s-01", "s-02"]);
  await ais("put", path("s-{00..02..2}"), "ais://nnn");
  expect(taken()).toEqual(["s-00", "s-02"]);
  await ais("put", path("s-{01..01}"), "ais://nnn/one-");
  expect(taken()).toEqual(["one-s-01"]);
  await ais("put", "ais://nnn", "--template", path("d"));
  expect(taken()).toEqual(["x-1"]);
});

test("a range with a file that is missing stores nothing", async () => {
  const put = await ais("put", path("s-{00..03}"), "ais://nnn");
  expect([put.status, put.err]).toEqual([2, expect.stringContaining(`"${path("s-03")}" of "`)]);
  expect(taken()).toEqual([]);
});

test("selections that contradict each other are refused", async () => {
  for (const words of [
    [path("a.txt"), "ais://nnn", "--list", path("b.txt")],
    ["ais://nnn", "--list", "a", "--template", "b"],
    ["ais://nnn", "--list", " , "],
    ["ais://nnn", "--list", path("none")],
    ["ais://nnn", "--template", path("s-{2..1}")],
    ["ais://nnn", "--template", path("s-%02d")],
    ["ais://nnn"],
    ["--list", path("a.txt")],
    [path("a.txt"), "ais://nnn", "--append"],
    [path("a.txt"), "ais://nnn/o", "--append", "--compute-checksum"],
    ["-", "ais://nnn/o", "--append"],
  ])
    expect([words, (await ais("put", ...words)).status]).toEqual([words, 2]);
  expect(taken()).toEqual([]);
});

test("a dry run says what would be done, also to programs", async () => {
  expect((await ais("put", path("s-{00..01}"), "ais://nnn", "--dry-run")).out).toBe(
    `[DRY RUN] PUT ${path("s-00")} -> ais://nnn/s-00\n[DRY RUN] PUT ${path("s-01")} -> ais://nnn/s-01\n`,
  );
  const one = await ais("put", path("a.txt"), "ais://nnn/name", "--dry-run", "--json");
  expect(JSON.parse(one.out)).toEqual({ would_put: [{ path: path("a.txt"), object: "ais://nnn/name" }] });
  const append = await ais("put", path("d"), "ais://nnn/all", "-r", "--append", "--dry-run", "--json");
  expect(JSON.parse(append.out)).toEqual({
    would_append: [path("d/sub/x-2"), path("d/x-1")],
    to: "ais://nnn/all",
  });
  expect(taken()).toEqual([]);
});

test("sizes are shown in the units that were asked for, and read so", async () => {
  cluster.buckets.get("nnn")?.set("o", new Uint8Array(8345));
  const sizeIn = async (units: string): Promise<string> =>
    (await ais("ls", "ais://nnn", "-H", "--units", units)).out;
  expect(await sizeIn("iec")).toBe("o   8.15KiB\n");
  expect(await sizeIn("si")).toBe("o   8.35KB\n");
  expect(await sizeIn("raw")).toBe("o   8345\n");
  expect((await ais("show", "object", "ais://nnn/o", "--props", "size", "-H", "--units", "si")).out).toBe(
    "size   8.35KB\n",
  );
  expect((await ais("ls", "ais://nnn", "--units", "decimal")).status).toBe(2);
  const read = async (...words: readonly string[]): Promise<string> =>
    (await ais("get", "ais://nnn/o", "/dev/null", "--length", ...words)).out;
  expect(await read("1k")).toContain("length 1000 ");
  expect(await read("1k", "--units", "iec")).toContain("length 1024 ");
  expect(await read("1KiB")).toContain("length 1024 ");
  for (const words of [
    ["1KiB", "--units", "si"],
    ["1k", "--units", "raw"],
  ])
    expect((await ais("get", "ais://nnn/o", "/dev/null", "--length", ...words)).status).toBe(2);
});
