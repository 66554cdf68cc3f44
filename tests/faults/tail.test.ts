/**
 * The tail rule (tracing.md 5): with nothing sampled, a request that fails or is slow leaves its whole trace, over the
 * proxy that redirected it and the target that served it. Fast successes leave none.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { type CollectedSpan, oneSpan, TestCollector } from "@ais/testkit/collector.ts";
import { FaultsFile } from "@ais/testkit/faults.ts";

const PROXY = "aistore-proxy";
const TARGET = "aistore-target";
const PUT = "PUT /v1/objects/{bucket}/{object}";
const FILE_BYTES = 300_000;
const SAMPLED = 1;
const SLOW_MS = 500;
/** Slower than whatever a busy machine makes of a fast request. */
const SLOWER_THAN_ANY = "1m";

let collector: TestCollector;
let cluster: TestCluster;
const faults = new FaultsFile();

beforeAll(async () => {
  collector = await TestCollector.start();
  cluster = await TestCluster.start({
    targets: 2,
    tracingEndpoint: collector.endpoint,
    env: { AIS_TRACING_SAMPLING_PROBABILITY: "0", ...faults.env },
  });
  await call("POST", "/v1/buckets/b", '{"action":"create-bck"}');
  await configure({ "tracing.tail.errors": "true", "tracing.tail.slow.object.put": SLOWER_THAN_ANY });
});

afterEach(() => faults.clear());

afterAll(async () => {
  faults[Symbol.dispose]();
  await cluster?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
});

function call(method: string, path: string, body?: string | Uint8Array<ArrayBuffer>): Promise<Response> {
  return fetch(`${cluster.url}${path}`, { method, ...(body === undefined ? {} : { body }) });
}

async function configure(settings: Readonly<Record<string, string>>): Promise<void> {
  const reply = await call("PUT", `/v1/cluster/set-config?${new URLSearchParams(settings)}`);
  expect([reply.status, await reply.text()]).toEqual([200, ""]);
}

async function put(name: string): Promise<number> {
  const reply = await call("PUT", `/v1/objects/b/${name}`, new Uint8Array(FILE_BYTES));
  await reply.arrayBuffer();
  return reply.status;
}

/** The trace of the object, once it has both servers and a span of that name. */
function traceOf(object: string, spanName: string): Promise<readonly CollectedSpan[]> {
  return collector.until(() => {
    const id = collector.spans.find((span) => span.attributes["ais.object"] === object)?.traceId ?? "";
    const trace = collector.trace(id);
    const services = new Set(trace.map((span) => span.serviceName));
    return services.size === 2 && trace.some((span) => span.name === spanName) ? trace : null;
  });
}

/** One trace: the target's span below the proxy's, everything else below those two, all of them flagged as sampled. */
function expectWhole(trace: readonly CollectedSpan[]): CollectedSpan {
  const proxy = oneSpan(trace, PUT, PROXY);
  const target = oneSpan(trace, PUT, TARGET);
  expect(target.parentSpanId).toBe(proxy.spanId);
  expect(proxy.attributes["ais.redirect.node"]).toBe(target.resource["service.instance.id"] as string);
  expect(proxy.attributes["client.address"]).toContain("127.0.0.1");
  expect(proxy.attributes["http.route"]).toBe("/v1/objects/{bucket}/{object}");
  for (const span of trace) {
    expect(span.flags & SAMPLED).toBe(SAMPLED);
    if (span !== proxy && span !== target) expect(span.parentSpanId).toBe(target.spanId);
  }
  return target;
}

describe("with nothing sampled", () => {
  test("fast successes leave no trace", async () => {
    const before = collector.spans.length;
    for (let i = 0; i < 20; i++) expect(await put(`fast-${i}`)).toBe(200);
    expect((await call("GET", "/v1/objects/b/missing")).status).toBe(404);
    // What would have been exported was exported before this one.
    faults.set({ operation: "write", errno: "EIO" });
    expect(await put("after-the-fast")).toBe(500);
    await traceOf("after-the-fast", "ais.file.write");
    const objects = new Set(collector.spans.slice(before).map((span) => span.attributes["ais.object"]));
    objects.delete(undefined);
    expect([...objects]).toEqual(["after-the-fast"]);
  });

  test("an error leaves one whole trace", async () => {
    faults.set({ operation: "write", errno: "EIO" });
    const reply = await call("PUT", "/v1/objects/b/broken", new Uint8Array(FILE_BYTES));
    expect(reply.status).toBe(500);
    const trace = await traceOf("broken", "ais.file.write");
    const target = expectWhole(trace);
    expect(target.attributes["ais.sampling.reason"]).toBe("tail.error");
    expect(target.attributes["http.response.status_code"]).toBe(500);
    expect(target.status.code).toBe(2);
    expect(oneSpan(trace, "ais.file.write").status.code).toBe(2);
    // Whoever got the error can look its trace up.
    expect(reply.headers.get("traceresponse")).toMatch(
      new RegExp(`^00-${target.traceId}-${target.spanId}-0[13]$`),
    );
  });

  test("a slow disk leaves one whole trace, which shows where the time went", async () => {
    await configure({ "tracing.tail.slow.object.put": `${SLOW_MS}ms` });
    faults.set({ operation: "sync", delayMs: 2 * SLOW_MS });
    expect(await put("slow")).toBe(200);
    const trace = await traceOf("slow", "ais.index.commit");
    const target = expectWhole(trace);
    expect(target.attributes["ais.sampling.reason"]).toBe("tail.slow");
    for (const name of ["ais.file.write", "ais.file.sync", "ais.index.commit"]) oneSpan(trace, name);
    const sync = oneSpan(trace, "ais.file.sync");
    expect(Number(sync.endTimeUnixNano - sync.startTimeUnixNano) / 1e6).toBeGreaterThanOrEqual(
      2 * SLOW_MS - 1,
    );
    expect(sync.attributes["ais.mountpath"]).toContain(cluster.directory);
  });

  test("an error of a listing leaves the traces of the targets that it asked", async () => {
    // A target that stands still answers nobody, so the proxy fails in the end; the other target did its part in time.
    const [stuck, live] = cluster.targets;
    stuck?.pause();
    const listing = call("GET", "/v1/buckets/b?what=x");
    await Bun.sleep(200);
    await stuck?.end("SIGKILL");
    const reply = await listing;
    expect(reply.status).toBe(503);
    const [, traceId = ""] = (reply.headers.get("traceresponse") ?? "").split("-");
    const trace = await collector.until(() => {
      const spans = collector.trace(traceId);
      return new Set(spans.map((span) => span.serviceName)).size === 2 ? spans : null;
    });
    const listed = oneSpan(trace, "POST /v1/intra/list", TARGET);
    expect(listed.resource["service.instance.id"]).toBe(await daemonId(live?.url ?? ""));
    expect(oneSpan(trace, "GET /v1/buckets/{bucket}", PROXY).attributes["ais.sampling.reason"]).toBe(
      "tail.error",
    );
    expect(trace.map((span) => span.name)).toContain("ais.broadcast object.list");
  });
});

async function daemonId(url: string): Promise<string> {
  const snode = (await (await fetch(`${url}/v1/daemon?what=snode`)).json()) as { readonly daemon_id: string };
  return snode.daemon_id;
}
