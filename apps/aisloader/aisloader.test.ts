/** The program as a process, by its launcher. */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { FakeCluster } from "./fixtures/fake-cluster.ts";
import type { LoadSummary } from "./summary.ts";

const directory = mkdtempSync(join(tmpdir(), "aisloader-"));
const launcher = join(directory, "linked");
let cluster: FakeCluster;

beforeAll(async () => {
  symlinkSync(resolve(import.meta.dir, "../../bin/aisloader"), launcher);
  cluster = await FakeCluster.start();
});

beforeEach(() => {
  cluster.fault = () => null;
  cluster.buckets.clear();
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

function start(...argv: readonly string[]) {
  return Bun.spawn([launcher, ...argv], {
    env: { PATH: process.env["PATH"] ?? "", AIS_ENDPOINT: cluster.url },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

async function end(child: ReturnType<typeof start>) {
  const [out, error] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, out, error };
}

const PUT = [
  "-bucket=ais://abc",
  "-cleanup=false",
  "-pctput=100",
  "-minsize=1K",
  "-maxsize=1K",
  "-numworkers=2",
];

test("a load prints its settings, a line for each interval and the summary", async () => {
  const { code, out, error } = await end(start(...PUT, "-maxputs=20"));
  expect([code, error]).toEqual([0, ""]);
  expect(out).toContain("PUT       100% of 1KiB, checksum xxhash\n");
  expect(out).toContain("created bucket ais://abc\n");
  expect(out).toMatch(/\nPUT {5}20 /);
  expect(cluster.objects("abc").size).toBe(20);
});

test("--json leaves standard output to the summary, --stats-output collects the records", async () => {
  const stats = join(directory, "stats.json");
  const { code, out } = await end(start(...PUT, "-maxputs=5", "--json", "--stats-output", stats));
  const summary: LoadSummary = JSON.parse(out);
  expect([code, summary.record, summary.put.count]).toEqual([0, "summary", 5]);
  const records = (await Bun.file(stats).json()) as readonly { record: string }[];
  expect(records.map(({ record }) => record)).toEqual(["interval", "summary"]);
  expect(records.at(-1)).toEqual({ ...summary });
  const piped = await end(start(...PUT, "-maxputs=5", "--stats-output=-", "-quiet"));
  expect(JSON.parse(piped.out)).toHaveLength(2);
  expect(piped.error).toContain("  PUT 5, ");
});

test("failed requests make the exit code 1, unless they are allowed", async () => {
  cluster.fault = () => Response.json({ message: "no room", status: 507 }, { status: 507 });
  const failed = await end(start(...PUT, "-maxputs=3", "-quiet"));
  expect([failed.code, failed.out.includes("507"), failed.out.includes("no room")]).toEqual([1, true, true]);
  expect((await end(start(...PUT, "-maxputs=3", "-quiet", "--allow-errors"))).code).toBe(0);
});

test("wrong usage is 2, a load that cannot begin 1", async () => {
  expect(await end(start("-bucket=abc"))).toMatchObject({ code: 2, out: "" });
  const refused = await end(start(...PUT, "-get-batchsize=4"));
  expect(refused).toMatchObject({
    code: 2,
    error: "aisloader: -get-batchsize is not supported: GetBatch is not supported\n",
  });
  const empty = await end(start("-bucket=abc", "-cleanup=false", "-quiet"));
  expect(empty).toMatchObject({ code: 1, error: "aisloader: bucket ais://abc has no objects to read\n" });
});

test("an interrupt ends the load in good order", async () => {
  const running = Promise.withResolvers<void>();
  cluster.fault = () => {
    running.resolve();
    return null;
  };
  const child = start(...PUT, "-duration=1h", "-cleanup=true", "--json", "-quiet");
  await running.promise;
  child.kill("SIGINT");
  const { code, out } = await end(child);
  const summary: LoadSummary = JSON.parse(out);
  expect([code, summary.ended_by, summary.errors]).toEqual([0, "interrupted", []]);
  expect(summary.put.count).toBeGreaterThan(0);
  expect(cluster.buckets.has("abc")).toBe(false);
});
