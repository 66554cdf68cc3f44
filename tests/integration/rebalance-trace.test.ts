/** A rebalance in traces: one root a node with a link to the request, one child a phase, none for an object. */
import { expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { TestCollector } from "@ais/testkit/collector.ts";
import { ClusterClient, idOf } from "./cluster.fixture.ts";
import { contentOf, numbered, until } from "./jobs.fixture.ts";
import { expectExplained, explain, TOLERANCE_MS } from "./span-coverage.fixture.ts";

/** A shorter request has no event that says what its spans leave open. */
const LONG_ENOUGH_MS = 1;

test("every target has its part of the rebalance, linked to whoever asked for it", async () => {
  await using collector = await TestCollector.start();
  await using cluster = await TestCluster.start({ targets: 3, tracingEndpoint: collector.endpoint });
  const client = new ClusterClient(cluster);
  await client.create("traced");
  const names = numbered("o-", 90);
  await client.fill("traced", names, contentOf);
  const id = await idOf(must(cluster.targets[0], "target"));
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const reply = await fetch(`${cluster.url}/v1/cluster`, {
    method: "PUT",
    headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` },
    body: JSON.stringify({ action: "start-maintenance", name: "", value: { sid: id } }),
  });
  const job = await reply.text();
  await client.wait(job);
  const roots = await until(30_000, "the job's spans", async () => {
    const found = collector.spans.filter((span) => span.name === "ais.job rebalance");
    return found.length === 3 ? found : null;
  });
  const started = await until(30_000, "the request's span", async () => {
    const found = collector.spans.find(
      (span) => span.traceId === traceId && span.serviceName === "aistore-proxy" && span.kind === 2,
    );
    return found ?? null;
  });
  expect(started.name).toBe("PUT /v1/cluster");
  expect(started.attributes).toMatchObject({
    "ais.operation": "cluster.act",
    "ais.action": "start-maintenance",
    "ais.job.id": job,
  });
  for (const root of roots) {
    expect([root.parentSpanId, root.serviceName]).toEqual(["", "aistore-target"]);
    expect(root.links.map((link) => [link.traceId, link.spanId])).toEqual([[traceId, started.spanId]]);
    expect(root.attributes).toMatchObject({ "ais.job.id": job, "ais.job.outcome": "done" });
    const own = collector.spans.filter((span) => span.traceId === root.traceId && span !== root);
    expect(own.map((span) => [span.name, span.parentSpanId]).sort()).toEqual([
      ["ais.job.move", root.spanId],
      ["ais.job.prepare", root.spanId],
    ]);
  }
  const moved = roots.reduce((sum, root) => sum + Number(root.attributes["ais.job.objects"]), 0);
  expect(moved).toBeGreaterThan(0);
  // The end is a trace of its own, linked to the same request.
  const end = await until(30_000, "the conclusion", async () => {
    const found = collector.spans.find((span) => span.name === "ais.job.conclude");
    return found ?? null;
  });
  expect(end.links.map((link) => link.traceId)).toEqual([traceId]);
  expect(collector.spans.filter((span) => /job-object|hand-over/.test(span.name))).toEqual([]);
}, 90_000);

test("a read that has to fetch its object first says so, down to the target that had it", async () => {
  await using collector = await TestCollector.start();
  await using cluster = await TestCluster.start({ targets: 2, tracingEndpoint: collector.endpoint });
  const client = new ClusterClient(cluster);
  await client.create("traced");
  const names = numbered("o-", 40);
  await client.fill("traced", names, contentOf);
  await fetch(`${cluster.url}/v1/cluster/set-config?rebalance.enabled=false`, { method: "PUT" });
  const id = await idOf(await cluster.addTarget());
  const traceId = "1af7651916cd43dd8448eb211c80319c";
  for (const name of names) {
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    const reply = await fetch(`${cluster.url}/v1/objects/traced/${name}`, { headers });
    expect(reply.status).toBe(200);
    await reply.arrayBuffer();
  }
  const own = () => collector.spans.filter((span) => span.traceId === traceId);
  const fetched = await until(30_000, "a fetch that found its object", async () => {
    const found = own().find(
      (span) => span.name === "ais.object.fetch" && span.attributes["ais.object.found"] === true,
    );
    return found ?? null;
  });
  await until(30_000, "the spans above and below it", async () => {
    const above = own().find((span) => span.spanId === fetched.parentSpanId);
    const calls = own().filter((span) => span.parentSpanId === fetched.spanId);
    const answers = own().filter((span) => calls.some((call) => call.spanId === span.parentSpanId));
    if (above === undefined || calls.length < 2 || answers.length < 2) return null;
    expect(above.name).toBe("GET /v1/objects/{bucket}/{object}");
    expect(above.resource["service.instance.id"]).toBe(id);
    expect(calls.map((call) => [call.name, call.kind])).toEqual([
      ["POST", 3],
      ["POST", 3],
    ]);
    expect(new Set(answers.map((span) => span.name))).toEqual(new Set(["POST /v1/intra/hand-over"]));
    return true;
  });
  const givers = own().filter((span) => span.name === "POST /v1/intra/hand-over");
  const explained = givers.map((giver) => explain(giver, own()));
  for (const one of explained) if (one.tookMs > LONG_ENOUGH_MS + TOLERANCE_MS) expectExplained(one);
  const sent = own().filter((span) => span.attributes["ais.hand-over.outcome"] === "sent");
  expect(sent.length).toBeGreaterThan(0);
  for (const { spanId } of sent) {
    const steps = own().filter((span) => span.parentSpanId === spanId);
    expect(new Set(steps.map(({ name }) => name))).toContain("PUT");
    expect(new Set(steps.map(({ name }) => name))).toContain("ais.index.commit");
  }
}, 90_000);
