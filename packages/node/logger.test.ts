import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { archiveLogs } from "./log-archive.ts";
import { createNodeLogger } from "./logger.ts";
import { RecordedSpan } from "./testing/recording-tracing.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "node-log-"));
});
afterEach(() => rm(directory, { recursive: true }));

const options = () => ({ nodeName: "t[one]", directory });

test("writes one JSON object a line, with the trace of the request", async () => {
  const span = new RecordedSpan("GET", 2, "a".repeat(32), "");
  {
    await using logger = await createNodeLogger(options());
    logger.log("warn", "slow", { bytes: 12n, msg: "not this", level: "filling", ts: "never" }, span);
    logger.log("debug", "not kept");
  }
  const [line = "", ...rest] = (await readFile(join(directory, "aisnode.log"), "utf8")).trimEnd().split("\n");
  expect(rest).toEqual([]);
  expect(JSON.parse(line)).toEqual({
    level: "warn",
    ts: expect.stringMatching(/^\d{4}-.*Z$/),
    node: "t[one]",
    msg: "slow",
    bytes: "12",
    trace_id: "a".repeat(32),
    span_id: span.context.spanId,
  });
});

test("follows the verbosity", async () => {
  await using logger = await createNodeLogger(options());
  expect(logger.isEnabled("debug")).toBe(false);
  logger.setVerbosity("4");
  expect([logger.verbosity, logger.isEnabled("debug")]).toEqual(["4", true]);
});

test("reads back by severity and offset", async () => {
  await using logger = await createNodeLogger(options());
  logger.log("info", "first");
  logger.log("warn", "second");
  logger.log("error", "third");
  const all = await logger.read("info", 0);
  expect(all.split("\n").length).toBe(4);
  expect((await logger.read("warning", 0)).match(/first|second|third/g)).toEqual(["second", "third"]);
  expect((await logger.read("error", 0)).match(/first|second|third/g)).toEqual(["third"]);
  expect(await logger.read("info", all.indexOf("\n") + 1)).toBe(all.slice(all.indexOf("\n") + 1));
  expect(await logger.read("info", 1e9)).toBe("");
});

test("rotates by size and keeps a bounded total", async () => {
  await using logger = await createNodeLogger({ ...options(), maxFileBytes: 2000, maxTotalBytes: 7000 });
  for (let i = 0; i < 200; i++) {
    logger.log("info", `line ${i}`);
    if (i % 10 === 9) await logger.flush();
  }
  const names = await readdir(directory);
  expect(names.length).toBeGreaterThan(1);
  const sizes = await Promise.all(names.map(async (name) => (await readFile(join(directory, name))).length));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(7000);
  const files = await logger.files();
  const text = (await Promise.all(files.map((path) => readFile(path, "utf8")))).join("");
  const numbers = [...text.matchAll(/line (\d+)/g)].map(([, number]) => Number(number));
  expect(numbers).toEqual([...numbers].sort((left, right) => left - right));
  expect(numbers.at(-1)).toBe(199);
});

test("archives every file in a form that tar reads", async () => {
  await using logger = await createNodeLogger(options());
  logger.log("info", "archived line");
  const archive = await archiveLogs(await logger.files());
  await Bun.write(join(directory, "logs.tar.gz"), archive);
  const tar = Bun.spawnSync(["tar", "-xzOf", join(directory, "logs.tar.gz"), "aisnode.log"]);
  expect(tar.stdout.toString()).toContain("archived line");
});
