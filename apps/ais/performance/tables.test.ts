/** Columns and rates of `ais performance`. */
import { expect, test } from "bun:test";
import type { Measured, Sample } from "./sample.ts";
import { countersTable, intraDataTable, latencyTable, throughputTable } from "./tables.ts";

const iec = { units: "iec" } as const;

const measured: Measured = {
  targetIds: ["a", "b"],
  kinds: {
    "get.n": "counter",
    "get.size": "size",
    "get.ns.total": "total",
    "put.n": "counter",
    "put.size": "size",
    "err.get.n": "counter",
    "lru.evict.n": "counter",
    "stream.out.n": "counter",
    "stream.out.size": "size",
    "disk.vda.util": "gauge",
  },
};

function sample(atMs: number, a: Record<string, number>, b: Record<string, number>): Sample {
  return {
    atMs,
    targets: new Map([
      ["a", a],
      ["b", b],
    ]),
  };
}

test("counters: what is zero everywhere is left out, errors come last", () => {
  const now = sample(0, { "get.n": 4, "get.size": 4096, "err.get.n": 1 }, { "put.n": 2, "put.size": 10 });
  expect(countersTable(now, measured, iec)).toEqual({
    columns: ["TARGET", "GET(n)", "GET(size)", "PUT(n)", "PUT(size)", "ERR-GET(n)"],
    rows: [
      ["t[a]", "4", "4.00KiB", "-", "-", "1"],
      ["t[b]", "-", "-", "2", "10B", "-"],
    ],
  });
  expect(countersTable(now, measured, { ...iec, averageSize: true }).rows[0]?.[2]).toBe("4.00KiB  1.00KiB");
  // A pattern shows what it names, zero or not.
  expect(countersTable(now, measured, { ...iec, regex: /lru|err/i }).columns).toEqual([
    "TARGET",
    "LRU-EVICT(n)",
    "ERR-GET(n)",
  ]);
});

test("throughput is of the time between two looks, in all and target by target", () => {
  const before = sample(1000, { "get.n": 1, "get.size": 1024 }, { "get.n": 9, "get.size": 9000 });
  // The second target has started anew.
  const now = sample(3000, { "get.n": 5, "get.size": 5120 }, { "get.n": 2, "get.size": 2048 });
  expect(throughputTable(before, now, measured, iec)).toEqual({
    columns: ["TARGET", "GET(n)", "GET(size)", "GET(bw)"],
    rows: [
      ["t[a]", "5", "5.00KiB", "2.00KiB/s"],
      ["t[b]", "2", "2.00KiB", "1.00KiB/s"],
      ["--- Cluster:", "", "", "3.00KiB/s"],
    ],
  });
});

test("latency is the mean of enough operations between two looks", () => {
  const before = sample(0, { "get.n": 10, "get.ns.total": 1e9 }, { "get.n": 3, "get.ns.total": 0 });
  const now = sample(1000, { "get.n": 20, "get.ns.total": 1.05e9 }, { "get.n": 5, "get.ns.total": 9e9 });
  expect(latencyTable(before, now, measured, iec).rows).toEqual([
    ["t[a]", "20", "5ms"],
    // Two operations say nothing.
    ["t[b]", "5", "-"],
    ["--- Cluster:", "", "754ms"],
  ]);
});

test("what targets send each other is a table of its own", () => {
  const before = sample(0, {}, {});
  const now = sample(1000, { "stream.out.n": 1, "stream.out.size": 1024, "get.n": 1, "get.size": 1 }, {});
  expect(intraDataTable(before, now, measured, iec).columns).toEqual([
    "TARGET",
    "STREAM-OUT(n)",
    "STREAM-OUT(size)",
    "STREAM-OUT(bw)",
  ]);
  expect(throughputTable(before, now, measured, iec).columns).toEqual([
    "TARGET",
    "GET(n)",
    "GET(size)",
    "GET(bw)",
  ]);
});

test("figures are in the units that were asked for", () => {
  const before = sample(0, {}, {});
  const now = sample(1000, { "get.n": 4, "get.size": 8345, "get.ns.total": 4_000_000 }, {});
  expect(throughputTable(before, now, measured, { units: "si" }).rows[0]).toEqual([
    "t[a]",
    "4",
    "8.35KB",
    "8.35KB/s",
  ]);
  expect(throughputTable(before, now, measured, { units: "raw" }).rows[0]?.slice(2)).toEqual([
    "8345B",
    "8345B/s",
  ]);
  expect(latencyTable(before, now, measured, { units: "raw" }).rows[0]).toEqual(["t[a]", "4", "1000000ns"]);
});
