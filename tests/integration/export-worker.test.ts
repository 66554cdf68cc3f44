/**
 * The worker that exports a node's traces ends, in whatever way: the node serves on, counts what was lost, exports again
 * and says so. The worker here is that of the build, beside which a test may tell it how to end.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { TestCollector } from "@ais/testkit/collector.ts";
import type { Daemon } from "@ais/testkit/daemon.ts";
import { ais } from "./ais.fixture.ts";
import { type BuiltNode, buildAisnode } from "./builds.fixture.ts";

const WORKER = "trace-export-worker.js";
const ENDS = {
  "an error that nobody catches": 'setTimeout(() => { throw new Error("told to end"); })',
  "a promise that nobody awaits": 'void Promise.reject(new Error("told to end"))',
  "an exit": "process.exit(3)",
  "an end without a word": "close()",
} as const;

/** Runs the text of `end.<pid>` in the worker, once. */
const TOLD_TO_END = `
import { existsSync, readFileSync, rmSync } from "node:fs";
import "./real-${WORKER}";
const path = process.env.AIS_TEST_ENDS + "." + process.pid;
setInterval(() => {
  if (!existsSync(path)) return;
  const text = readFileSync(path, "utf8");
  rmSync(path);
  (0, eval)(text);
}, 10);
`;

let built: BuiltNode;
let collector: TestCollector;
let cluster: TestCluster;
let target: Daemon;

beforeAll(async () => {
  built = await buildAisnode(["oteltracing"]);
  renameSync(join(built.folder, WORKER), join(built.folder, `real-${WORKER}`));
  writeFileSync(join(built.folder, WORKER), TOLD_TO_END);
  collector = await TestCollector.start();
  cluster = await TestCluster.start({
    targets: 1,
    build: { folder: built.folder },
    tracingEndpoint: collector.endpoint,
    env: { AIS_TEST_ENDS: join(built.folder, "end") },
  });
  target = must(cluster.targets[0], "a target");
  await fetch(`${cluster.url}/v1/buckets/b`, { method: "POST", body: '{"action":"create-bck"}' });
});

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
  await built?.[Symbol.asyncDispose]();
});

interface Stats {
  readonly spansEnded: number;
  readonly spansExported: number;
  readonly spansQueued: number;
  readonly spansDropped: Readonly<Record<string, number>>;
  readonly lastError: string;
}

async function stats(): Promise<Stats> {
  const reply = await fetch(`${target.url}/v1/daemon?what=tracing`);
  return (await reply.json()) as Stats;
}

async function statsWhen(isSo: (stats: Stats) => boolean): Promise<Stats> {
  for (;;) {
    const now = await stats();
    if (isSo(now)) return now;
    await Bun.sleep(20);
  }
}

const lost = ({ spansDropped }: Stats): number => spansDropped["worker_crash"] ?? 0;

async function put(name: string): Promise<void> {
  const reply = await fetch(`${cluster.url}/v1/objects/b/${name}`, { method: "PUT", body: "content" });
  expect(reply.status).toBe(200);
}

async function arrived(object: string): Promise<void> {
  await collector.until(() =>
    collector.spans.some(
      ({ serviceName, attributes }) =>
        serviceName === "aistore-target" && attributes["ais.object"] === object,
    ),
  );
}

test.each(Object.entries(ENDS))(
  "after %s another one exports",
  async (title, text) => {
    const [before, after] = ["before", "after"].map((when) => `${when}-${title.replaceAll(" ", "-")}`);
    await statsWhen(({ spansQueued }) => spansQueued === 0);
    const first = await stats();
    collector.mode = "hang";
    await put(must(before, "a name"));
    // Two spans of the request and those below are with the worker by then.
    const held = await statsWhen(({ spansQueued }) => spansQueued > 0);
    await Bun.sleep(1_200);
    const end = `${join(built.folder, "end")}.${target.pid}`;
    writeFileSync(end, text);
    const counted = await statsWhen((now) => lost(now) > lost(first));
    expect(existsSync(end)).toBe(false);
    expect(lost(counted) - lost(first)).toBeGreaterThanOrEqual(held.spansQueued);
    expect(counted.lastError).toStartWith("trace export worker ended: ");
    collector.mode = "accept";
    await put(must(after, "a name"));
    await arrived(must(after, "a name"));
    const settled = await statsWhen(({ spansQueued }) => spansQueued === 0);
    const dropped = Object.values(settled.spansDropped).reduce((sum, count) => sum + count, 0);
    expect(settled.spansEnded).toBe(settled.spansExported + dropped);
    const { out } = await ais(cluster, "show", "tracing");
    expect(out).toContain(`(worker_crash ${lost(settled)})`);
    expect(out).toMatch(/\d+s ago: trace export worker ended: /);
  },
  30_000,
);
