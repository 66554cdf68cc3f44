/** Whose context is believed, and who may have a request traced (tracing.md 3 and 5): a cluster, and callers of all kinds. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { openCoordinator } from "@ais/cluster/coordinator/open.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { type CollectedSpan, oneSpan, TestCollector } from "@ais/testkit/collector.ts";

const GET = "GET /v1/objects/{bucket}/{object}";
const PROXY = "aistore-proxy";
const TARGET = "aistore-target";
const SERVER = 2;
const STRANGER_SPAN = "00f067aa0ba902b7";

let collector: TestCollector;
let cluster: TestCluster;

/** Waiting for spans has deadlines of its own. */
setDefaultTimeout(60_000);

beforeAll(async () => {
  collector = await TestCollector.start();
  cluster = await TestCluster.start({ targets: 2, tracingEndpoint: collector.endpoint });
  await fetch(`${cluster.url}/v1/buckets/nnn`, { method: "POST", body: '{"action":"create-bck"}' });
  for (const name of ["obj", "other", "dir/with space+%"])
    await fetch(objectUrl(name), { method: "PUT", body: "content" });
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
});
beforeEach(() =>
  configure({
    "tracing.tail.errors": "false",
    "tracing.sampler_probability": "1",
    "tracing.trust_inbound": "always",
    "tracing.allow_forced": "true",
  }),
);

function objectUrl(name: string): string {
  return `${cluster.url}/v1/objects/nnn/${name.split("/").map(encodeURIComponent).join("/")}`;
}

async function configure(settings: Readonly<Record<string, string>>): Promise<void> {
  const query = new URLSearchParams(settings);
  const reply = await fetch(`${cluster.url}/v1/cluster/set-config?${query}`, { method: "PUT" });
  expect(reply.status).toBe(200);
}

async function get(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  redirect: "follow" | "manual" = "follow",
): Promise<{ readonly traceId: string; readonly flags: string; readonly location: string }> {
  const reply = await fetch(url, { headers, redirect });
  expect(reply.status).toBe(redirect === "follow" ? 200 : 301);
  await reply.arrayBuffer();
  const [, traceId = "", , flags = ""] = (reply.headers.get("traceresponse") ?? "").split("-");
  return { traceId, flags, location: reply.headers.get("location") ?? "" };
}

/** A caller's own context; a new trace at every call. */
function stranger(flags = "01"): { readonly traceId: string; readonly traceparent: string } {
  const traceId = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex");
  return { traceId, traceparent: `00-${traceId}-${STRANGER_SPAN}-${flags}` };
}

/** The two SERVER spans of a GET that was redirected, the target's below the proxy's. */
async function pair(traceId: string): Promise<readonly [proxy: CollectedSpan, target: CollectedSpan]> {
  const trace = await collector.until(() => {
    const spans = collector.trace(traceId).filter(({ kind }) => kind === SERVER);
    return spans.length === 2 ? spans : null;
  });
  const spans = [oneSpan(trace, GET, PROXY), oneSpan(trace, GET, TARGET)] as const;
  expect(spans[1].parentSpanId).toBe(spans[0].spanId);
  return spans;
}

const linked = (span: CollectedSpan): readonly string[] => span.links.map(({ traceId }) => traceId);

describe("the header ais-trace: 1", () => {
  test("has a whole trace made where nothing is sampled", async () => {
    await configure({ "tracing.sampler_probability": "0" });
    expect((await get(objectUrl("obj"))).traceId).toBe("");
    const { traceId, flags } = await get(objectUrl("obj"), { "ais-trace": "1" });
    expect(flags).toBe("01");
    const [proxy, target] = await pair(traceId);
    expect(proxy.attributes["ais.sampling.forced"]).toBe(true);
    expect(target.attributes).not.toHaveProperty("ais.sampling.forced");
  });

  test("does nothing where it is not allowed, tracing is off, or the caller brings a trace", async () => {
    await configure({ "tracing.sampler_probability": "0", "tracing.allow_forced": "false" });
    expect((await get(objectUrl("obj"), { "ais-trace": "1" })).traceId).toBe("");
    await configure({ "tracing.allow_forced": "true", "tracing.enabled": "false" });
    expect((await get(objectUrl("obj"), { "ais-trace": "1" })).traceId).toBe("");
    await configure({ "tracing.enabled": "true" });
    const { traceparent } = stranger("00");
    expect((await get(objectUrl("obj"), { "ais-trace": "1", traceparent })).traceId).toBe("");
  });
});

describe("with trust_inbound=never", () => {
  beforeEach(() => configure({ "tracing.trust_inbound": "never" }));

  test("a caller's trace becomes a link, and the redirect is still one trace", async () => {
    const { traceId: theirs, traceparent } = stranger();
    const { traceId } = await get(objectUrl("obj"), { traceparent });
    expect(traceId).not.toBe(theirs);
    const [proxy, target] = await pair(traceId);
    expect(proxy.parentSpanId).toBe("");
    expect(linked(proxy)).toEqual([theirs]);
    // The client sends its header to the target as well.
    expect(linked(target)).toEqual([theirs]);
  });

  test("names of objects that need escaping are signed alike on both sides", async () => {
    const { traceId } = await get(objectUrl("dir/with space+%"));
    const [proxy] = await pair(traceId);
    expect(proxy.attributes["ais.object"]).toBe("dir/with space+%");
  });

  test("calls between nodes are believed", async () => {
    const body = '{"action":"create-bck"}';
    const reply = await fetch(`${cluster.url}/v1/buckets/more`, { method: "POST", body });
    expect(reply.status).toBe(200);
    const traceId = must(reply.headers.get("traceresponse")?.split("-")[1], "traceresponse");
    await collector.until(() => {
      const targets = collector
        .trace(traceId)
        .filter((span) => span.serviceName === TARGET && span.kind === SERVER);
      return targets.length === 2;
    });
  });

  test("nobody forces a trace", async () => {
    await configure({ "tracing.sampler_probability": "0" });
    const { traceparent } = stranger();
    for (const headers of [{ traceparent }, { "ais-trace": "1" }, { traceparent, "ais-trace": "1" }])
      expect((await get(objectUrl("obj"), headers)).traceId).toBe("");
  });

  test.each([
    ["taken to another object", (location: URL, other: URL) => withTrace(other, location)],
    ["with the trace changed", (location: URL) => changed(location, "traceparent", stranger().traceparent)],
    [
      "with the signature changed",
      (location: URL) => changed(location, "tracesig", "zzzzzzzz.AAAAAAAAAAAAAAAAAAAAAA"),
    ],
    ["with the signature gone", (location: URL) => changed(location, "tracesig", "")],
  ])("a redirect %s is served and not believed", async (_, forge) => {
    const location = new URL((await get(objectUrl("obj"), {}, "manual")).location);
    const other = new URL((await get(objectUrl("other"), {}, "manual")).location);
    const forged = forge(location, other);
    const claimed = must(forged.searchParams.get("traceparent")?.split("-")[1], "a trace");
    const { traceId } = await get(forged.href);
    expect(traceId).not.toBe(claimed);
    const target = await collector.until(() => collector.trace(traceId).find(({ kind }) => kind === SERVER));
    expect(target.parentSpanId).toBe("");
    expect(linked(target)).toEqual([claimed]);
  });

  test("the key and the signatures are in no reply, no log and no span", async () => {
    await get(objectUrl("obj"));
    await using coordinator = await openCoordinator(`sqlite:${join(cluster.directory, "cluster.db")}`);
    const key = must(await coordinator.get("secrets/trace-context"), "the key").value;
    expect(key.length).toBe(44);
    const shown: string[] = cluster.daemons.map(({ output }) => output);
    for (const { url } of cluster.daemons) {
      for (const what of ["config", "cluster_config", "smap", "bmd", "tracing", "node_status"])
        shown.push(await (await fetch(`${url}/v1/daemon?what=${what}`)).text());
    }
    for (const span of collector.spans) shown.push(Object.values(span.attributes).map(String).join(" "));
    for (const text of shown) {
      expect(text.includes(key)).toBe(false);
      expect(text).not.toContain("tracesig");
    }
  });
});

/** The trace of `from`, put into another redirect. */
function withTrace(url: URL, from: URL): URL {
  const forged = new URL(url);
  for (const name of ["traceparent", "tracesig"])
    forged.searchParams.set(name, from.searchParams.get(name) ?? "");
  return forged;
}

function changed(url: URL, name: string, value: string): URL {
  const forged = new URL(url);
  forged.searchParams.set(name, value);
  return forged;
}
