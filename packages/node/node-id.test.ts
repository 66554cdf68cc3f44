import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateNodeId, resolveNodeId } from "./node-id.ts";

let confdir: string;
beforeEach(async () => {
  confdir = join(await mkdtemp(join(tmpdir(), "node-id-")), "conf");
});
afterEach(() => rm(join(confdir, ".."), { recursive: true }));

test("makes an id up once and keeps it", async () => {
  const first = await resolveNodeId({ env: {}, confdir });
  expect(first).toMatch(/^[A-Za-z][A-Za-z0-9]{7}$/);
  expect(await resolveNodeId({ env: {}, confdir })).toBe(first);
  expect(await readdir(confdir)).toEqual(["daemon_id"]);
});

test("prefers the option to the environment to what was kept", async () => {
  await resolveNodeId({ env: {}, confdir });
  expect(await resolveNodeId({ env: { AIS_DAEMON_ID: "fromEnv12" }, confdir })).toBe("fromEnv12");
  const both = { option: "fromOption", env: { AIS_DAEMON_ID: "fromEnv12" }, confdir };
  expect(await resolveNodeId(both)).toBe("fromOption");
  expect(await resolveNodeId({ env: {}, confdir })).toBe("fromOption");
});

test("refuses ids that the wire could not carry", () => {
  for (const option of ["short", "with space!", "-leading1", "a".repeat(33), "a/b/c/d/e"]) {
    expect(resolveNodeId({ option, env: {}, confdir })).rejects.toThrow("invalid daemon id");
  }
});

test("generates ids without letters that look alike", () => {
  for (let i = 0; i < 200; i++) expect(generateNodeId()).not.toMatch(/[0O1lI]/);
});
