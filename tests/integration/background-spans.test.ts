/** Background work is traced too (tracing.md 4): roots of its own, linked to the request that caused it. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { type CollectedSpan, oneSpan, TestCollector } from "@ais/testkit/collector.ts";

const TARGETS = 2;
const OBJECTS = 40;
const PROXY = "aistore-proxy";

let collector: TestCollector;
let cluster: TestCluster;

beforeAll(async () => {
  collector = await TestCollector.start();
  cluster = await TestCluster.start({
    targets: TARGETS,
    mountpathsPerTarget: 2,
    tracingEndpoint: collector.endpoint,
  });
});

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
});

function send(method: string, path: string, body?: string): Promise<Response> {
  return fetch(`${cluster.url}${path}`, { method, ...(body === undefined ? {} : { body }) });
}

function roots(name: string): readonly CollectedSpan[] {
  return collector.spans.filter((span) => span.name === name && span.parentSpanId === "");
}

function nodeOf(span: CollectedSpan): unknown {
  return span.resource["service.instance.id"];
}

test("the recovery at the start has a span a mountpath", async () => {
  const jobs = await collector.until(() =>
    roots("ais.job recovery").length === TARGETS ? roots("ais.job recovery") : null,
  );
  expect(new Set(jobs.map(nodeOf)).size).toBe(TARGETS);
  for (const job of jobs) {
    const steps = collector.trace(job.traceId).filter((span) => span.parentSpanId === job.spanId);
    expect(steps.map((span) => span.name)).toEqual(["ais.job.mountpath", "ais.job.mountpath"]);
    for (const step of steps)
      expect(step.attributes).toMatchObject({ "ais.files": 0, "ais.files.removed": 0 });
  }
});

test("joining and changes of the cluster map have theirs", async () => {
  const nodes = TARGETS + 1;
  await collector.until(() => roots("ais.membership.join").length === nodes);
  const isAddition = ({ attributes }: CollectedSpan): boolean => Object.hasOwn(attributes, "ais.smap.added");
  await collector.until(() => roots("ais.membership.change").some(isAddition));
  for (const change of roots("ais.membership.change")) expect(change.serviceName).toBe(PROXY);
});

test("the sweep of a destroyed bucket is linked to the request that destroyed it, on every target", async () => {
  await send("POST", "/v1/buckets/doomed", '{"action":"create-bck"}');
  for (let i = 0; i < OBJECTS; i++)
    expect((await send("PUT", `/v1/objects/doomed/o${i}`, "content")).status).toBe(200);
  const before = collector.spans.length;
  const reply = await send("DELETE", "/v1/buckets/doomed", '{"action":"destroy-bck"}');
  expect(reply.status).toBe(200);
  const [, traceId = ""] = (reply.headers.get("traceresponse") ?? "").split("-");
  const jobs = await collector.until(() => {
    const found = roots("ais.job bucket-sweep").filter((span) => collector.spans.indexOf(span) >= before);
    return found.length === TARGETS ? found : null;
  });
  expect(new Set(jobs.map(nodeOf)).size).toBe(TARGETS);
  let removed = 0;
  for (const job of jobs) {
    expect(job.traceId).not.toBe(traceId);
    expect(job.links.map((link) => link.traceId)).toEqual([traceId]);
    const [link] = job.links;
    const cause = await collector.until(() =>
      collector.trace(traceId).find((span) => span.spanId === link?.spanId),
    );
    expect([cause.name, nodeOf(cause)]).toEqual(["POST /v1/intra/sync", nodeOf(job)]);
    const steps = collector.trace(job.traceId).filter((span) => span.name === "ais.job.mountpath");
    for (const step of steps) {
      expect(step.parentSpanId).toBe(job.spanId);
      removed += Number(step.attributes["ais.objects"]);
    }
  }
  expect(removed).toBe(OBJECTS);
  const destroyed = "DELETE /v1/buckets/{bucket}";
  await collector.until(() => collector.trace(traceId).some((span) => span.name === destroyed));
  oneSpan(collector.trace(traceId), destroyed, PROXY);
});

test("a sweep whose request was sampled is sampled, whatever the probability is", async () => {
  await send("POST", "/v1/buckets/b", '{"action":"create-bck"}');
  await send("PUT", "/v1/cluster/set-config?tracing.sampler_probability=0");
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  await fetch(`${cluster.url}/v1/buckets/b`, {
    method: "DELETE",
    body: '{"action":"destroy-bck"}',
    headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
  });
  await collector.until(
    () =>
      roots("ais.job bucket-sweep").filter((span) => span.links.some((link) => link.traceId === traceId))
        .length === TARGETS,
  );
});
