/**
 * Every request sampled at full load while the collector is down, then slow, then back: no request fails, memory stays
 * flat, and of every span the nodes can say what became of it. `AIS_SOAK_SECONDS` makes the short form longer, with the
 * limits that a node has by default.
 */
import { expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { TestCollector } from "@ais/testkit/collector.ts";
import { type Daemon, freePort } from "@ais/testkit/daemon.ts";

const SOAK_SECONDS = Number(process.env["AIS_SOAK_SECONDS"] ?? 0);
const PHASE_MS = SOAK_SECONDS > 0 ? (SOAK_SECONDS * 1000) / 3 : 2_500;
const WARM_UP_MS = 1_000;
const WORKERS = 16;
const SLOW_MS = 1_000;
const SETTLE_MS = 30_000;
const MAX_GROWTH_BYTES = 96 << 20;
/** The short form would not fill the default queue. */
const SHORT_QUEUE = { OTEL_BSP_MAX_QUEUE_SIZE: "500" };

interface SpanBooks {
  readonly started: number;
  readonly ended: number;
  readonly exported: number;
  readonly dropped: number;
  readonly queued: number;
}

/** What a node says of its spans at `/metrics`. */
async function booksOf({ url }: Daemon): Promise<SpanBooks> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const sum = (name: string): number => {
    const lines = [...text.matchAll(new RegExp(`^\\w+_tracing_${name}(?:\\{[^}]*\\})? ([0-9.e+]+)`, "gm"))];
    return lines.reduce((total, [, value]) => total + Number(value), 0);
  };
  expect(text).toContain("_tracing_spans_started_count");
  return {
    started: sum("spans_started_count"),
    ended: sum("spans_ended_count"),
    exported: sum("spans_exported_count"),
    dropped: sum("spans_dropped_count"),
    queued: sum("spans_queued"),
  };
}

async function settledBooks(daemon: Daemon): Promise<SpanBooks> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const books = await booksOf(daemon);
    if (books.queued === 0 && books.ended === books.started) return books;
    if (performance.now() > deadline)
      throw new Error(`${daemon.plan.name} still has ${JSON.stringify(books)}`);
    await sleep(50);
  }
}

class Flood {
  requests = 0;
  readonly failures: string[] = [];
  #running = true;
  readonly #done: Promise<unknown>;

  constructor(url: string) {
    this.#done = Promise.all(Array.from({ length: WORKERS }, () => this.#work(url)));
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  async #work(url: string): Promise<void> {
    while (this.#running) {
      const outcome = await fetch(`${url}/v1/objects/b/o`).then(
        async (reply) => `${reply.status} ${await reply.text()}`,
        String,
      );
      this.requests++;
      if (outcome !== "200 content") this.failures.push(outcome);
    }
  }
}

test(
  `a collector that is down, slow and back, ${PHASE_MS} ms each`,
  async () => {
    const port = await freePort();
    await using cluster = await TestCluster.start({
      targets: 1,
      tracingEndpoint: `localhost:${port}`,
      env: SOAK_SECONDS > 0 ? {} : SHORT_QUEUE,
    });
    await fetch(`${cluster.url}/v1/buckets/b`, { method: "POST", body: '{"action":"create-bck"}' });
    await fetch(`${cluster.url}/v1/objects/b/o`, { method: "PUT", body: "content" });

    const flood = new Flood(cluster.url);
    await sleep(WARM_UP_MS);
    const before = cluster.daemons.map((daemon) => daemon.memory().residentBytes);
    await sleep(PHASE_MS);
    const downBooks = await Promise.all(cluster.daemons.map(booksOf));
    await using collector = await TestCollector.start({ port, keep: false });
    collector.delayMs = SLOW_MS;
    await sleep(PHASE_MS);
    collector.delayMs = 0;
    await sleep(PHASE_MS);
    await flood.stop();
    const after = cluster.daemons.map((daemon) => daemon.memory().residentBytes);

    expect(flood.failures).toEqual([]);
    expect(flood.requests).toBeGreaterThan(100);
    for (const [i, bytes] of after.entries())
      expect(bytes - must(before[i], "memory before")).toBeLessThan(MAX_GROWTH_BYTES);

    expect(downBooks.map(({ exported }) => exported)).toEqual(downBooks.map(() => 0));
    const books = await Promise.all(cluster.daemons.map(settledBooks));
    for (const { started, exported, dropped } of books) {
      // Each request has a span of the proxy and two or more of the target.
      expect(started).toBeGreaterThanOrEqual(flood.requests);
      expect(exported + dropped).toBe(started);
      expect(exported).toBeGreaterThan(0);
    }
    expect(books.reduce((sum, { dropped }) => sum + dropped, 0)).toBeGreaterThan(0);
    expect(books.reduce((sum, { exported }) => sum + exported, 0)).toBe(collector.received);
    if (SOAK_SECONDS > 0) {
      process.stderr.write(`${flood.requests} requests, ${JSON.stringify({ books, before, after })}\n`);
    }
  },
  3 * PHASE_MS + SETTLE_MS + 30_000,
);
