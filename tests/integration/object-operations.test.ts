/** Copies and uploads over real daemons: what crosses from target to target, in one trace, and what a crash leaves. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { type CollectedSpan, oneSpan, TestCollector } from "@ais/testkit/collector.ts";

const TARGET = "aistore-target";
const COPY = "PUT /v1/objects/{bucket}/{object}";
const HANDED_OVER = "PUT /v1/intra/object";

let collector: TestCollector;
let cluster: TestCluster;

beforeAll(async () => {
  collector = await TestCollector.start();
  cluster = await TestCluster.start({ targets: 2, tracingEndpoint: collector.endpoint });
  await call("POST", "/v1/buckets/b", JSON.stringify({ action: "create-bck", name: "", value: null }));
});

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
});

async function call(method: string, path: string, body?: string): Promise<{ status: number; text: string }> {
  const reply = await fetch(`${cluster.url}${path}`, { method, ...(body === undefined ? {} : { body }) });
  return { status: reply.status, text: await reply.text() };
}

const act = (action: string, value: unknown = null, name = ""): string =>
  JSON.stringify({ action, name, value });

/** The trace of the copy of `object`, once the other target's part of it is there. */
function crossing(object: string): Promise<readonly CollectedSpan[]> {
  return collector.until(() => {
    const copy = collector.spans.find(
      (span) => span.name === COPY && span.attributes["ais.object"] === object && isCopy(span),
    );
    const trace = collector.trace(copy?.traceId ?? "");
    return trace.some((span) => span.name === HANDED_OVER) &&
      trace.some(({ serviceName }) => serviceName !== TARGET)
      ? trace
      : null;
  });
}

function isCopy(span: CollectedSpan): boolean {
  return String(span.attributes["url.query"] ?? "").includes("object_to") && span.serviceName === TARGET;
}

test("a copy that crosses targets is whole, and one trace", async () => {
  const content = "c".repeat(200_000);
  const placed = new Set<string>();
  for (let number = 0; placed.size < 1 && number < 50; number++) {
    await call("PUT", `/v1/objects/b/source${number}`, content);
    const reply = await call("PUT", `/v1/objects/b/source${number}?object_to=ais/@%23/b/copy${number}`);
    expect(reply.status).toBe(200);
    expect((await call("GET", `/v1/objects/b/copy${number}`)).text).toBe(content);
    const [from, to] = await Promise.all([place(`source${number}`), place(`copy${number}`)]);
    if (from !== to) placed.add(`source${number}`);
  }
  const [object] = placed;
  const trace = await crossing(must(object, "no copy crossed"));
  const server = oneSpan(trace, HANDED_OVER, TARGET);
  const client = must(
    trace.find((span) => span.spanId === server.parentSpanId),
    "no call to the peer",
  );
  expect([client.name, client.serviceName]).toEqual(["PUT", TARGET]);
  const copy = must(
    trace.find((span) => span.spanId === client.parentSpanId),
    "no copy",
  );
  expect([copy.name, isCopy(copy)]).toEqual([COPY, true]);
  expect(new Set(trace.map(({ traceId }) => traceId)).size).toBe(1);
});

async function place(object: string): Promise<string> {
  const reply = await fetch(`${cluster.url}/v1/objects/b/${object}?props=location`, { method: "HEAD" });
  return (reply.headers.get("ais-location") ?? "").split(":")[0] ?? "";
}

test("an upload and an append go on after every daemon was killed", async () => {
  const id = (await call("POST", "/v1/objects/b/killed", act("mpt-upload"))).text;
  expect((await call("PUT", `/v1/objects/b/killed?uploadId=${id}&partNumber=1`, "before ")).status).toBe(200);
  const appended = await fetch(`${cluster.url}/v1/objects/b/log?append_type=append&append_handle=`, {
    method: "PUT",
    body: "before ",
  });
  const handle = encodeURIComponent(appended.headers.get("ais-append-handle") ?? "");
  await Promise.all(cluster.targets.map((daemon) => daemon.end("SIGKILL")));
  for (const daemon of cluster.targets) daemon.start();
  await Promise.all(cluster.targets.map((daemon) => daemon.ready()));
  await cluster.complete();

  expect((await call("PUT", `/v1/objects/b/killed?uploadId=${id}&partNumber=2`, "after")).status).toBe(200);
  const parts = [1, 2].map((number) => ({ "part-number": number, etag: "" }));
  const completed = await call("POST", `/v1/objects/b/killed?uploadId=${id}`, act("mpt-complete", parts));
  expect(completed.status).toBe(200);
  expect((await call("GET", "/v1/objects/b/killed")).text).toBe("before after");

  expect((await call("PUT", `/v1/objects/b/log?append_type=flush&append_handle=${handle}`)).status).toBe(200);
  expect((await call("GET", "/v1/objects/b/log")).text).toBe("before ");
});
