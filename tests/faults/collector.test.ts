/** A collector that is absent, slow, refusing or cutting connections changes no reply and no memory bound. */
import { expect, test } from "bun:test";
import { createServer } from "node:net";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { TestCollector } from "@ais/testkit/collector.ts";
import { freePort } from "@ais/testkit/daemon.ts";

const REQUESTS = 3_000;
const IN_FLIGHT = 16;
const MAX_GROWTH_BYTES = 96 << 20;
const STOP_LIMIT_MS = 12_000;

async function underLoad(endpoint: string): Promise<void> {
  await using cluster = await TestCluster.start({ targets: 1, tracingEndpoint: endpoint });
  await fetch(`${cluster.url}/v1/buckets/b`, { method: "POST", body: '{"action":"create-bck"}' });
  await fetch(`${cluster.url}/v1/objects/b/o`, { method: "PUT", body: "content" });
  await load(cluster.url, REQUESTS / 3);
  const before = cluster.daemons.map((daemon) => daemon.memory().residentBytes);
  await load(cluster.url, REQUESTS);
  const after = cluster.daemons.map((daemon) => daemon.memory().residentBytes);
  for (const [i, bytes] of after.entries())
    expect(bytes - must(before[i], "rss")).toBeLessThan(MAX_GROWTH_BYTES);
  const stopping = performance.now();
  expect(await Promise.all(cluster.daemons.map((daemon) => daemon.end("SIGTERM")))).toEqual([0, 0]);
  expect(performance.now() - stopping).toBeLessThan(STOP_LIMIT_MS);
}

async function load(url: string, count: number): Promise<void> {
  let left = count;
  const statuses = new Set<string>();
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (left-- > 0) {
        const reply = await fetch(`${url}/v1/objects/b/o`);
        statuses.add(`${reply.status} ${await reply.text()}`);
      }
    }),
  );
  expect([...statuses]).toEqual(["200 content"]);
}

test("absent", async () => {
  await underLoad(`localhost:${await freePort()}`);
}, 60_000);

test("never answering", async () => {
  await using collector = await TestCollector.start();
  collector.mode = "hang";
  await underLoad(collector.endpoint);
}, 60_000);

test("refusing every export", async () => {
  await using collector = await TestCollector.start();
  collector.mode = "refuse";
  await underLoad(collector.endpoint);
}, 60_000);

test("cutting every connection in the middle", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => setTimeout(() => socket.destroy(), 5));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  try {
    await underLoad(`localhost:${typeof address === "object" ? address?.port : 0}`);
  } finally {
    server.close();
  }
}, 60_000);

test("gone in the middle and back: the spans that follow arrive", async () => {
  const port = await freePort();
  const first = await TestCollector.start({ port });
  await using cluster = await TestCluster.start({ targets: 1, tracingEndpoint: `localhost:${port}` });
  await fetch(`${cluster.url}/v1/buckets/b`, { method: "POST", body: '{"action":"create-bck"}' });
  await first.until(() => first.spans.length > 0);
  await first[Symbol.asyncDispose]();
  await fetch(`${cluster.url}/v1/objects/b/o`, { method: "PUT", body: "content" });
  await load(cluster.url, 50);
  await using second = await TestCollector.start({ port });
  await second.until(async () => {
    await load(cluster.url, 5);
    return second.spans.length > 0;
  }, 30_000);
}, 60_000);
