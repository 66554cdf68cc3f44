/**
 * A thousand clients that send a byte now and then, and a thousand that take none of their replies, at one target: an
 * ordinary client meets no failure, memory stays bounded, and the slow ones are cut off and counted by the limit they met.
 */
import { expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { must } from "@ais/base/assert.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { TestCollector } from "@ais/testkit/collector.ts";
import type { Daemon } from "@ais/testkit/daemon.ts";
import { SeededRandom } from "@ais/testkit/random.ts";
import { BUCKET, createBucket, get, put } from "./objects.fixture.ts";

const SLOW_COUNT = 1_000;
const SLOW_SECONDS = 4;
const SETTLE_MS = 30_000;
const LOAD_MS = 7_000;
/** Of the ordinary client, also on a slow machine. */
const MIN_REQUESTS = 60;
/** An ordinary request that waits for the slow ones waits for their limit. */
const SLOWEST_MS = 4_000;
const MAX_GROWTH_BYTES = 512 << 20;
const LARGE_BYTES = 8 << 20;
/** Small enough that a thousand could take all of them. */
const OPEN_WRITES = 128;

interface Limits {
  readonly [limit: string]: number;
}

/** What a node says of the limits that were met. */
async function limitsOf({ url }: Daemon): Promise<Limits> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.matchAll(/ais_target_limit_hits_count\{[^}]*limit="(\w+)"[^}]*\} (\d+)/g);
  return Object.fromEntries([...lines].map(([, limit, count]) => [limit, Number(count)]));
}

/** Once `isDone`, or as they are after a while. */
async function limitsWhen(target: Daemon, isDone: (limits: Limits) => boolean): Promise<Limits> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const limits = await limitsOf(target);
    if (isDone(limits) || performance.now() > deadline) return limits;
    await sleep(100);
  }
}

async function untilZero({ url }: Daemon, metric: string): Promise<void> {
  const deadline = performance.now() + SETTLE_MS;
  const isZero = new RegExp(`${metric}\\{[^}]*\\} 0\\n`);
  for (;;) {
    const text = await (await fetch(`${url}/metrics`)).text();
    if (isZero.test(text)) return;
    if (performance.now() > deadline) expect(text).toMatch(isZero);
    await sleep(100);
  }
}

/** A connection on its own, below HTTP libraries. Its reply's head is kept when it reads. */
class SlowClient {
  reply = "";
  isClosed = false;
  readonly #socket: Socket;

  constructor(port: number, head: string, isReading: boolean) {
    this.#socket = connect({ port, host: "127.0.0.1" });
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => {
      this.isClosed = true;
    });
    if (isReading) this.#socket.on("data", (data) => (this.reply += data.toString("latin1").slice(0, 2_000)));
    else this.#socket.pause();
    this.#socket.write(head);
  }

  send(bytes: Buffer): void {
    if (!this.isClosed) this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.destroy();
  }
}

interface Work {
  readonly requests: number;
  readonly failures: readonly string[];
  readonly slowestMs: number;
}

/** One ordinary client: small and large objects, written and read back. */
async function workFor(cluster: TestCluster, random: SeededRandom, ms: number): Promise<Work> {
  const failures: string[] = [];
  let requests = 0;
  let slowestMs = 0;
  const until = performance.now() + ms;
  while (performance.now() < until || requests < MIN_REQUESTS) {
    const name = `ordinary-${random.integer(0, 9)}`;
    const body = random.bytes(random.pick([100, 20_000, 300_000]));
    const startedMs = performance.now();
    const stored = await put(cluster, name, body);
    const found = await get(cluster, name);
    slowestMs = Math.max(slowestMs, performance.now() - startedMs);
    requests += 2;
    if (stored.status !== 200 || !found.body.equals(body)) failures.push(`${stored.status} ${found.status}`);
    await sleep(20);
  }
  return { requests, failures, slowestMs };
}

async function withCluster(run: (cluster: TestCluster, collector: TestCollector) => Promise<void>) {
  await using collector = await TestCollector.start();
  await using cluster = await TestCluster.start({
    targets: 1,
    tracingEndpoint: collector.endpoint,
    flags: [`--slow-client-seconds=${SLOW_SECONDS}`, `--max-open-writes=${OPEN_WRITES}`],
  });
  await createBucket(cluster);
  await run(cluster, collector);
}

function requestHead(cluster: TestCluster, method: string, name: string, headers = ""): string {
  const proxy = must(cluster.proxies[0], "proxy").plan.port;
  return `${method} /v1/objects/${BUCKET}/${name}?pid=p${proxy}&utm=1 HTTP/1.1\r\nHost: h\r\n${headers}\r\n`;
}

test("slow writers hold nobody up", async () => {
  const random = new SeededRandom();
  console.log(`seed ${random.seed}`);
  await withCluster(async (cluster, collector) => {
    const target = must(cluster.targets[0], "target");
    const before = target.memory().residentBytes;
    const clients: SlowClient[] = [];
    for (let n = 0; n < SLOW_COUNT; n++) {
      const size = random.pick([1_000, 50_000, 1_000_000, 1 << 30]);
      const client = new SlowClient(
        target.plan.port,
        requestHead(cluster, "PUT", `slow-${n}`, `Content-Length: ${size}\r\n`),
        true,
      );
      // Some send enough to be given a place among the files being written.
      client.send(random.bytes(Math.min(size - 10, random.pick([1, 17_000, 100_000]))));
      clients.push(client);
    }
    const dripping = setInterval(() => {
      for (const client of clients) client.send(Buffer.from("x"));
    }, 1_000);
    const work = await workFor(cluster, random, LOAD_MS);
    const grown = target.memory().residentBytes - before;
    const met = ({ body_rate = 0, slow_receive = 0, open_writes = 0 }: Limits): number =>
      body_rate + slow_receive + open_writes;
    // A client may see its end before it is counted, or after.
    const isDone = (limits: Limits): boolean =>
      clients.every(({ isClosed }) => isClosed) && met(limits) >= SLOW_COUNT;
    const limits = await limitsWhen(target, isDone);
    clearInterval(dripping);
    console.log(JSON.stringify({ ...work, grownMib: grown >> 20, limits }));
    for (const client of clients) client.close();

    expect(work.failures).toEqual([]);
    expect(work.slowestMs).toBeLessThan(SLOWEST_MS);
    expect(grown).toBeLessThan(MAX_GROWTH_BYTES);
    // All of them met a limit that says so: too slow, or refused with a time to come back.
    const answers = clients.map(({ reply }) => reply.slice(9, 12));
    expect([...new Set(answers)].sort().filter((status) => status !== "429")).toEqual(["408"]);
    expect(clients.every(({ reply }) => /retry-after: \d/i.test(reply))).toBe(true);
    const { body_rate = 0, slow_receive = 0 } = limits;
    expect(body_rate).toBeGreaterThan(0);
    expect(slow_receive).toBeGreaterThan(0);
    expect(met(limits)).toBe(SLOW_COUNT);
    const told = await collector.until(() => collector.spans.find((span) => span.attributes["ais.limit"]));
    expect(["body_rate", "slow_receive", "open_writes"]).toContain(String(told.attributes["ais.limit"]));
    // What they had begun to write is gone.
    await untilZero(target, "storage_open_writes");
    await untilZero(target, "storage_receive_buffer_bytes");
  });
}, 120_000);

test("slow readers hold nobody up", async () => {
  const random = new SeededRandom();
  console.log(`seed ${random.seed}`);
  await withCluster(async (cluster, collector) => {
    const target = must(cluster.targets[0], "target");
    const names = ["large-0", "large-1", "large-2"] as const;
    for (const name of names)
      expect((await put(cluster, name, Buffer.alloc(LARGE_BYTES, name))).status).toBe(200);
    const before = target.memory().residentBytes;
    const clients: SlowClient[] = [];
    for (let n = 0; n < SLOW_COUNT; n++) {
      const head = requestHead(cluster, "GET", random.pick([...names]));
      clients.push(new SlowClient(target.plan.port, head, false));
    }
    const work = await workFor(cluster, random, LOAD_MS);
    const grown = target.memory().residentBytes - before;
    const limits = await limitsWhen(target, ({ reply_rate }) => reply_rate === SLOW_COUNT);
    console.log(JSON.stringify({ ...work, grownMib: grown >> 20, limits }));
    for (const client of clients) client.close();

    expect(work.failures).toEqual([]);
    expect(work.slowestMs).toBeLessThan(SLOWEST_MS);
    expect(grown).toBeLessThan(MAX_GROWTH_BYTES);
    expect(limits["reply_rate"]).toBe(SLOW_COUNT);
    const told = await collector.until(() =>
      collector.spans.find((span) => span.attributes["ais.limit"] === "reply_rate"),
    );
    expect(told.name).toStartWith("GET ");
    // The files are let go, too.
    await untilZero(target, "storage_open_readers");
  });
}, 120_000);
