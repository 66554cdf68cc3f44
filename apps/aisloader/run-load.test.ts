import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseTraceParent } from "@ais/tracing/w3c/traceparent.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import { FakeCluster, xxh64 } from "./fixtures/fake-cluster.ts";
import { type LoadOptions, loadOptions } from "./load-options.ts";
import { runLoad } from "./run-load.ts";
import type { IntervalRecord } from "./summary.ts";

let cluster: FakeCluster;

beforeEach(async () => {
  cluster = await FakeCluster.start();
});

afterEach(() => cluster[Symbol.asyncDispose]());

const KIB = 1024;

/** 100 PUT of 1 to 64 KiB by four workers, unless told otherwise. */
function options(given: Partial<LoadOptions>): LoadOptions {
  return loadOptions({
    endpoint: cluster.url,
    bucket: aisBucket("load"),
    workers: 4,
    durationMs: 20_000,
    putPercent: 100,
    maxPuts: 100,
    sizes: { minBytes: KIB, maxBytes: 64 * KIB, distribution: "uniform" },
    timeoutMs: 10_000,
    ...given,
  });
}

/** The objects that the runs above and below leave behind, by name. */
function storedHashes(): Record<string, string> {
  return Object.fromEntries([...cluster.objects("load")].map(([name, bytes]) => [name, xxh64(bytes)]).sort());
}

test("PUT creates the bucket, follows the redirect with the body and counts what it stored", async () => {
  const notes: string[] = [];
  const summary = await runLoad(options({}), { onNote: (text) => notes.push(text) });
  const stored = cluster.objects("load");
  expect(stored.size).toBe(100);
  expect(summary).toMatchObject({
    record: "summary",
    ended_by: "max-puts",
    put: { count: 100, errors: 0, bytes: [...stored.values()].reduce((sum, bytes) => sum + bytes.length, 0) },
    get: { count: 0, errors: 0, latency_ms: null },
    errors: [],
    http: { redirects: 100, repeats: 0 },
  });
  expect(summary.put.latency_ms?.p50).toBeGreaterThan(0);
  expect(notes).toEqual(["created bucket ais://load"]);
  for (const bytes of stored.values()) {
    expect(bytes.length).toBeGreaterThanOrEqual(KIB);
    expect(bytes.length).toBeLessThanOrEqual(64 * KIB);
  }
  const [put] = cluster.requests("target", "PUT");
  expect(put?.headers.get("ais-checksum-type")).toBe("xxhash");
  expect(put?.headers.get("user-agent")).toBe("aisloader");
  expect(put?.query.get("skip_vc")).toBe("true");
});

test("the same seed puts the same objects, another seed others", async () => {
  await runLoad(options({ seed: 7, workers: 1 }));
  const first = storedHashes();
  cluster.buckets.clear();
  await runLoad(options({ seed: 7, workers: 8 }));
  expect(storedHashes()).toEqual(first);
  cluster.buckets.clear();
  await runLoad(options({ seed: 8 }));
  expect(Object.keys(storedHashes()).filter((name) => name in first)).toEqual([]);
});

test("a body of several megabytes survives an early redirect", async () => {
  const sizeBytes = 9 * KIB * KIB + 1;
  const sizes = { minBytes: sizeBytes, maxBytes: sizeBytes, distribution: "uniform" as const };
  const summary = await runLoad(options({ sizes, maxPuts: 3, workers: 2 }));
  expect([summary.put.count, summary.put.bytes, summary.errors]).toEqual([3, 3 * sizeBytes, []]);
  const read = await runLoad(options({ putPercent: 0, epochs: 1, verifyChecksum: true }));
  expect([read.get.count, read.get.bytes, read.errors]).toEqual([3, 3 * sizeBytes, []]);
});

test("a load with PUT and GET reads what it put, and ends at the size limit", async () => {
  const summary = await runLoad(
    options({
      putPercent: 40,
      maxPuts: 0,
      totalPutBytes: 4 * KIB * KIB,
      verifyChecksum: true,
      updatePercent: 30,
    }),
  );
  expect(summary.ended_by).toBe("total-put-size");
  expect(summary.errors).toEqual([]);
  expect(summary.get.count).toBeGreaterThan(10);
  // Updates come on top of what was issued.
  expect(summary.put.count).toBeGreaterThan(cluster.objects("load").size);
});

test("epochs read every listed object equally often, page by page, under the prefix only", async () => {
  cluster.pageSize = 7;
  for (let index = 0; index < 20; index++)
    cluster.objects("load").set(`in/${index}`, Buffer.from(`object ${index}`));
  cluster.objects("load").set("out/1", Buffer.from("not asked for"));
  const naming = { subdirectory: "in", subdirectoryCount: 0, random: true, loaderId: 0, loaderCount: 0 };
  const summary = await runLoad(options({ putPercent: 0, epochs: 3, naming, verifyChecksum: true }));
  expect(summary).toMatchObject({ ended_by: "epochs", get: { count: 60, errors: 0 } });
  const paths = cluster.requests("target", "GET").map((request) => request.path);
  expect(Object.values(Object.groupBy(paths, (path) => path)).map((same) => same?.length)).toEqual(
    Array(20).fill(3),
  );
});

test("a range of every object of a file list is read", async () => {
  for (const name of ["a b", "c%d/ü"]) cluster.objects("load").set(name, Buffer.from("0123456789"));
  await using directory = await temporaryDirectory();
  const fileList = join(directory.path, "names");
  await writeFile(fileList, "a b\nc%d/ü\n\n");
  const summary = await runLoad(
    options({ putPercent: 0, epochs: 1, fileList, readOffsetBytes: 2, readLengthBytes: 5 }),
  );
  expect(summary).toMatchObject({ get: { count: 2, bytes: 10 }, errors: [] });
  expect(cluster.requests("target", "GET")[0]?.headers.get("range")).toBe("bytes=2-6");
  expect(cluster.requests("proxy", "GET", "/v1/buckets/load")).toEqual([]);
});

test("corrupted bytes are caught with verification and pass without", async () => {
  cluster.objects("load").set("a", Buffer.alloc(300 * KIB, "x"));
  cluster.corrupts = true;
  const blind = await runLoad(options({ putPercent: 0, epochs: 4 }));
  expect(blind).toMatchObject({ get: { count: 4, errors: 0 }, errors: [] });
  const checked = await runLoad(options({ putPercent: 0, epochs: 4, verifyChecksum: true }));
  expect(checked).toMatchObject({ get: { count: 0, errors: 4, bytes: 0 } });
  expect(checked.errors).toMatchObject([{ operation: "get", kind: "checksum", count: 4 }]);
  expect(checked.errors[0]?.example).toStartWith("checksum mismatch: xxhash2 of the bytes is ");
});

test("a reply that cannot be verified fails verification", async () => {
  cluster.objects("load").set("a", Buffer.from("x"));
  cluster.checksumType = "none";
  const summary = await runLoad(options({ putPercent: 0, epochs: 1, verifyChecksum: true }));
  expect(summary.errors).toMatchObject([{ kind: "checksum", count: 1 }]);
});

test("errors are counted by status and do not end the load", async () => {
  let requests = 0;
  cluster.fault = () => {
    requests++;
    if (requests % 4 === 0)
      return Response.json({ message: "disk is on fire", status: 500 }, { status: 500 });
    return requests % 10 === 1 ? new Response("", { status: 503 }) : null;
  };
  const summary = await runLoad(options({ workers: 1 }));
  expect(summary.put).toMatchObject({ count: 65, errors: 35 });
  expect(summary.errors).toEqual([
    { operation: "put", kind: "500", count: 25, example: "disk is on fire" },
    { operation: "put", kind: "503", count: 10, example: "HTTP status 503" },
  ]);
});

test("a target that hangs is timed out", async () => {
  let hung = false;
  cluster.fault = () => {
    if (hung) return null;
    hung = true;
    return new Promise<Response>(() => {});
  };
  const summary = await runLoad(options({ workers: 1, maxPuts: 3, timeoutMs: 1_500 }));
  expect(summary.put).toMatchObject({ count: 2, errors: 1 });
  expect(summary.errors).toMatchObject([{ kind: "timeout", count: 1 }]);
});

test("direct requests go to the owner without the proxy, PUT with the stamp of one", async () => {
  const put = await runLoad(options({ route: "direct" }));
  const get = await runLoad(options({ route: "direct", putPercent: 0, epochs: 1, verifyChecksum: true }));
  expect([put.put.count, get.get.count]).toEqual([100, 100]);
  expect([put.http.redirects, put.errors, get.errors]).toEqual([0, [], []]);
  expect([...cluster.requests("proxy", "PUT"), ...cluster.requests("proxy", "GET")]).toEqual([]);
  expect(cluster.requests("target", "PUT")[0]?.query.get("pid")).toBe("proxy001");
});

test("a random proxy is taken from the cluster map", async () => {
  expect((await runLoad(options({ route: "random-proxy" }))).put.count).toBe(100);
  expect(cluster.requests("proxy", "GET", "/v1/daemon")).toHaveLength(1);
});

test("a share of the requests carries a sampled context, and the slowest of them are named", async () => {
  const summary = await runLoad(options({ traceRatio: 0.3, slowestCount: 5 }));
  const contexts = cluster
    .requests("target", "PUT")
    .map((request) => parseTraceParent(request.headers.get("traceparent")));
  const traced = contexts.filter((context) => context !== null);
  expect(traced.length).toBeGreaterThan(10);
  expect(traced.length).toBeLessThan(60);
  expect(traced.every((context) => (context.flags & 1) === 1)).toBe(true);
  const ids = new Set(traced.map((context) => context.traceId));
  expect(ids.size).toBe(traced.length);
  expect(summary.slowest).toHaveLength(5);
  expect(summary.slowest.every((request) => ids.has(request.trace_id) && request.outcome === "ok")).toBe(
    true,
  );
  const latencies = summary.slowest.map((request) => request.latency_ms);
  expect(latencies).toEqual(latencies.toSorted((a, b) => b - a));
});

test("intervals add up to the summary", async () => {
  const records: IntervalRecord[] = [];
  cluster.fault = () => Bun.sleep(5).then(() => new Response(null));
  const summary = await runLoad(options({ intervalMs: 40 }), {
    onInterval: (record) => records.push(record),
  });
  expect(records.length).toBeGreaterThan(1);
  expect(records.reduce((sum, record) => sum + record.put.count, 0)).toBe(100);
  expect(records.reduce((sum, record) => sum + record.put.bytes, 0)).toBe(summary.put.bytes);
  expect(records.reduce((sum, record) => sum + record.interval_ms, 0)).toBeCloseTo(summary.elapsed_ms, 3);
});

test("an interruption ends the load with a summary of what was done", async () => {
  const interrupt = new AbortController();
  cluster.fault = () => {
    if (cluster.requests("target", "PUT").length === 30) interrupt.abort();
    return null;
  };
  const summary = await runLoad(options({ durationMs: Number.POSITIVE_INFINITY, maxPuts: 0 }), {
    signal: interrupt.signal,
  });
  expect(summary.ended_by).toBe("interrupted");
  expect(summary.put.count).toBeGreaterThanOrEqual(30);
  expect(summary.put.count).toBe(cluster.objects("load").size);
  expect(summary.errors).toEqual([]);
});

test("an interruption does not wait for a target that hangs, nor count what it cut off", async () => {
  const interrupt = new AbortController();
  cluster.fault = () => {
    queueMicrotask(() => interrupt.abort());
    return new Promise<Response>(() => {});
  };
  const summary = await runLoad(options({ workers: 2 }), { signal: interrupt.signal });
  expect(summary).toMatchObject({ ended_by: "interrupted", put: { count: 0, errors: 0 }, errors: [] });
  expect(summary.elapsed_ms).toBeLessThan(8000);
});

test("cleaning up destroys the bucket, also without a load", async () => {
  await runLoad(options({ cleanup: true }));
  expect(cluster.buckets.has("load")).toBe(false);
  cluster.objects("load").set("a", Buffer.from("x"));
  const summary = await runLoad(options({ cleanup: true, durationMs: 0 }));
  expect(cluster.buckets.has("load")).toBe(false);
  expect(summary).toMatchObject({ put: { count: 0 }, get: { count: 0 }, cleanup_error: null });
});

test("properties are set on a bucket that exists", async () => {
  cluster.objects("load");
  await runLoad(options({ bucketProps: { versioning: { enabled: false } } }));
  expect(cluster.requests("proxy", "PATCH", "/v1/buckets/load")).toHaveLength(1);
  expect(cluster.requests("proxy", "POST", "/v1/buckets/load")).toEqual([]);
});

test("nothing to read is an error before the load", async () => {
  cluster.objects("load");
  expect(runLoad(options({ putPercent: 0 }))).rejects.toThrow("bucket ais://load has no objects to read");
});

async function temporaryDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "aisloader-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
