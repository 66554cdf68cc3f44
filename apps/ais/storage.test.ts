/** `ais storage` on directories of a stopped target; what it does with a running one is in tests/faults. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { cpSync, mkdtempSync, rmSync, truncateSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { lockMountpath } from "@ais/storage/check/check-offline.ts";
import { cli } from "./testing/run-cli.fixture.ts";

const DATA = resolve(import.meta.dir, "../../packages/storage/fixtures/format-1");
let directory: string;
let mountpath: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ais-storage-"));
  mountpath = join(directory, "mp1");
  cpSync(DATA, mountpath, { recursive: true });
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("a sound mountpath: a table, and exit status 0", async () => {
  const { status, out, err } = await cli(["storage", "check", "--verify", "--mountpath", mountpath]);
  expect({ status, err }).toEqual({ status: 0, err: "" });
  expect(out).toMatch(/^MOUNTPATH +OBJECTS +FILES +SIZE +VERIFIED +DAMAGES\n/);
  expect(out).toMatch(new RegExp(`${mountpath} +5 +2 +36.0\\dKiB +4 `));
  expect(out).toEndWith("No damage found.\n");
});

test("damage: every one with its object, the sums, and exit status 1", async () => {
  unlinkSync(join(mountpath, "objects/02/0000000100000002"));
  truncateSync(join(mountpath, "objects/01/0000000200000001"), 16_384);
  const table = await cli(["storage", "check", "--mountpath", mountpath]);
  expect(table).toMatchObject({ status: 1, err: "Error: stored data is damaged\n" });
  expect(table.out).toContain("missing-file");
  expect(table.out).toContain("/dir/file");
  expect(table.out).toEndWith("Found 2 damages: 1 missing-file, 1 wrong-size\n");
  const { status, out } = await cli(["storage", "check", "--json", "--mountpath", mountpath]);
  expect(status).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    mountpaths: [{ mountpath, objects: 5, counts: { "missing-file": 1, "wrong-size": 1 }, finished: true }],
  });
});

test("a torn index: what to do is said, done, and what it did is told", async () => {
  truncateSync(join(mountpath, "index/data.mdb"), 8192);
  const torn = await cli(["storage", "check", "--mountpath", mountpath]);
  expect(torn.status).toBe(1);
  expect(torn.out).toContain(`To restore the index: ais storage rebuild --mountpath "${mountpath}"`);
  const rebuilt = await cli(["storage", "rebuild", "--mountpath", mountpath]);
  expect(rebuilt.status).toBe(0);
  expect(rebuilt.out).toMatch(/objects restored from their files +2\n/);
  expect(rebuilt.out).toContain("LOST: the old index does not tell what it held");
  const { status, out } = await cli(["storage", "check", "--verify", "--mountpath", mountpath]);
  expect(status).toBe(0);
  expect(out).toContain("an earlier rebuild kept data in");
});

test("refuses what is no mountpath, what is in use, and contradictory words", async () => {
  const missing = await cli(["storage", "check", "--mountpath", directory]);
  expect(missing).toMatchObject({ status: 1, err: expect.stringContaining("is no mountpath") });
  {
    using _lock = lockMountpath(mountpath);
    for (const command of ["check", "rebuild"]) {
      const inUse = await cli(["storage", command, "--mountpath", mountpath]);
      expect(inUse).toMatchObject({ status: 1, err: expect.stringContaining("held by another daemon") });
    }
  }
  expect((await cli(["storage", "check", "t1", "--mountpath", mountpath])).status).toBe(2);
  expect((await cli(["storage", "rebuild"])).status).toBe(2);
  expect((await cli(["storage", "scrub", "polish"])).status).toBe(2);
  expect((await cli(["storage", "replace", "--mountpath", mountpath])).status).toBe(2);
});
