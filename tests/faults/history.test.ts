/** Concurrent writes, deletions, reads and range reads of a few keys look as if each had happened at one moment. */
import { describe, expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { SeededRandom } from "@ais/testkit/random.ts";
import { explain, type Operation } from "./history.fixture.ts";
import { BUCKET, createBucket } from "./objects.fixture.ts";
import { rounds, soakTimeoutMs } from "./soak.fixture.ts";

const KEYS = 6;
const CLIENTS = 10;
const OPERATIONS_PER_CLIENT = 60;
const SIZES = [16, 900, 16_384, 17_000, 90_000, 400_000] as const;
const VALUE_BYTES = 8;

/** The value over and over: any part of it, at a place divisible by eight, tells the value and the whole size. */
function contentOf(value: number, sizeBytes: number): Buffer {
  const unit = Buffer.alloc(VALUE_BYTES);
  unit.writeUInt32LE(value, 0);
  unit.writeUInt32LE(sizeBytes, 4);
  return Buffer.alloc(sizeBytes, unit);
}

/** The value that the bytes are of. Throws when they are of more than one, or not all of it. */
function valueIn(body: Buffer, isWhole: boolean): number {
  const value = body.readUInt32LE(0);
  const sizeBytes = body.readUInt32LE(4);
  if (isWhole && body.byteLength !== sizeBytes)
    throw new Error(`${body.byteLength} bytes of value ${value}, which has ${sizeBytes}`);
  if (!body.equals(contentOf(value, sizeBytes).subarray(0, body.byteLength)))
    throw new Error(`value ${value} is mixed with another`);
  return value;
}

class History {
  readonly #byKey = new Map<string, Operation[]>();

  add(key: string, operation: Operation): void {
    this.#byKey.set(key, [...(this.#byKey.get(key) ?? []), operation]);
  }

  get size(): number {
    return [...this.#byKey.values()].reduce((sum, operations) => sum + operations.length, 0);
  }

  problems(): readonly string[] {
    return [...this.#byKey].flatMap(([key, operations]) => {
      const problem = explain(operations);
      return problem === null ? [] : [`${key}: ${problem}`];
    });
  }
}

interface Run {
  readonly history: History;
  /** Of the objects, by value. */
  readonly sizes: Map<number, number>;
  nextValue(): number;
  /** Every round has its own keys, which do not exist at its beginning. */
  readonly round: number;
}

async function runClient(cluster: TestCluster, random: SeededRandom, run: Run): Promise<void> {
  const { history, sizes, nextValue, round } = run;
  for (let n = 0; n < OPERATIONS_PER_CLIENT; n++) {
    const key = `round-${round}/key-${random.integer(0, KEYS - 1)}`;
    const proxy = random.pick([must(cluster.proxies[0], "proxy"), must(cluster.proxies[1], "proxy")]);
    const url = `${proxy.url}/v1/objects/${BUCKET}/${key}`;
    const what = random.pick(["write", "write", "read", "read", "read", "range", "delete"] as const);
    const startMs = performance.now();
    if (what === "write") {
      const value = nextValue();
      const sizeBytes = random.pick(SIZES);
      sizes.set(value, sizeBytes);
      const { status } = await fetch(url, { method: "PUT", body: contentOf(value, sizeBytes) });
      expect(status).toBe(200);
      history.add(key, { kind: "write", value, startMs, endMs: performance.now() });
    } else if (what === "delete") {
      const { status } = await fetch(url, { method: "DELETE" });
      expect([200, 404]).toContain(status);
      // A deletion of nothing has read that there is nothing.
      history.add(key, {
        kind: status === 200 ? "delete" : "read",
        value: 0,
        startMs,
        endMs: performance.now(),
      });
    } else {
      const first = what === "range" ? VALUE_BYTES * random.integer(0, 1) : 0;
      const last = first + VALUE_BYTES * random.integer(1, 4_000) - 1;
      const headers = what === "range" ? { range: `bytes=${first}-${last}` } : {};
      const reply = await fetch(url, { headers });
      const body = Buffer.from(await reply.arrayBuffer());
      expect([200, 206, 404]).toContain(reply.status);
      const value = reply.status === 404 ? 0 : valueIn(body, what === "read");
      if (what === "range" && value !== 0) {
        const sizeBytes = must(sizes.get(value), `size of ${value}`);
        expect(reply.headers.get("content-range")).toBe(
          `bytes ${first}-${Math.min(last, sizeBytes - 1)}/${sizeBytes}`,
        );
      }
      history.add(key, { kind: "read", value, startMs, endMs: performance.now() });
    }
  }
}

test.each([1, 2])(
  "a real cluster of nodes of %i processes",
  async (workers) => {
    const random = new SeededRandom();
    console.log(`seed ${random.seed}`);
    await using cluster = await TestCluster.start({
      proxies: 2,
      targets: 2,
      mountpathsPerTarget: 2,
      workers,
    });
    await createBucket(cluster);
    let lastValue = 0;
    await rounds(1, async (round) => {
      const run = {
        history: new History(),
        sizes: new Map<number, number>(),
        nextValue: () => ++lastValue,
        round,
      };
      const clients = Array.from(
        { length: CLIENTS },
        (_, client) => new SeededRandom(random.seed + client + round * CLIENTS),
      );
      await Promise.all(clients.map((own) => runClient(cluster, own, run)));
      expect(run.history.size).toBe(CLIENTS * OPERATIONS_PER_CLIENT);
      expect([round, run.history.problems()]).toEqual([round, []]);
    });
  },
  soakTimeoutMs(60_000),
);

describe("the checker itself", () => {
  const operation = (kind: Operation["kind"], value: number, startMs: number, endMs: number): Operation => ({
    kind,
    value,
    startMs,
    endMs,
  });
  const write = (value: number, startMs: number, endMs: number) => operation("write", value, startMs, endMs);
  const read = (value: number, startMs: number, endMs: number) => operation("read", value, startMs, endMs);
  const remove = (startMs: number, endMs: number) => operation("delete", 0, startMs, endMs);

  test.each([
    ["one after the other", [read(0, 0, 1), write(1, 2, 3), read(1, 4, 5), remove(6, 7), read(0, 8, 9)]],
    [
      "writes at the same time, in either order",
      [write(1, 0, 10), write(2, 0, 10), read(2, 11, 12), read(2, 13, 14)],
    ],
    ["a read during a write, of either", [write(1, 0, 1), write(2, 2, 10), read(2, 3, 4), read(2, 5, 6)]],
    ["nothing, while it is being deleted", [write(1, 0, 1), remove(2, 10), read(0, 3, 4), read(0, 5, 6)]],
    [
      "a write of unknown outcome that took place late",
      [write(1, 0, Number.POSITIVE_INFINITY), write(2, 1, 2), read(2, 3, 4), read(1, 5, 6)],
    ],
    [
      "a write of unknown outcome that never took place",
      [write(1, 0, Number.POSITIVE_INFINITY), write(2, 1, 2), read(2, 3, 4)],
    ],
    ["written again after a deletion", [write(1, 0, 1), remove(2, 3), write(2, 4, 5), read(2, 6, 7)]],
  ] as const)("allows %s", (_, operations) => {
    expect(explain(operations)).toBeNull();
  });

  test.each([
    ["a value read before its write", [read(1, 0, 1), write(1, 2, 3)]],
    ["a value that nobody wrote", [read(7, 0, 1)]],
    ["an old value after a newer one was written", [write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)]],
    [
      "a new value, then the old one",
      [write(1, 0, 10), write(2, 0, 10), read(2, 11, 12), read(1, 13, 14), read(2, 15, 16)],
    ],
    ["a value after its deletion", [write(1, 0, 1), remove(2, 3), read(1, 4, 5)]],
    ["nothing, after a write", [write(1, 0, 1), read(0, 2, 3)]],
    ["nothing, after a write after a deletion", [remove(0, 1), write(1, 2, 3), read(0, 4, 5)]],
    [
      "nothing, between two reads of one value without a deletion",
      [write(1, 0, 1), read(1, 2, 3), read(0, 4, 5), read(1, 6, 7)],
    ],
  ] as const)("refuses %s", (_, operations) => {
    expect(explain(operations)).not.toBeNull();
  });
});
