/** A job is a trace of its own on every node, with a link to the request that started it (tracing.md 4). */
import { expect, test } from "bun:test";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { TestCollector } from "@ais/testkit/collector.ts";
import { contentOf, JobClient, numbered, until } from "./jobs.fixture.ts";

test("one root a node with a link, one child a phase, none for an object", async () => {
  await using collector = await TestCollector.start();
  await using cluster = await TestCluster.start({ targets: 3, tracingEndpoint: collector.endpoint });
  const jobs = new JobClient(cluster);
  await jobs.create("traced");
  const names = numbered("o-", 60);
  await jobs.fill("traced", names, contentOf);
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const reply = await fetch(`${cluster.url}/v1/buckets/traced?bck_to=ais/@%23/to/`, {
    method: "POST",
    headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` },
    body: JSON.stringify({ action: "copy-bck", name: "", value: {} }),
  });
  const id = await reply.text();
  await jobs.wait(id);
  const roots = await until(10_000, "the job's spans", async () => {
    const found = collector.spans.filter((span) => span.name === "ais.job copy-bck");
    return found.length === 3 ? found : null;
  });
  const started = await until(10_000, "the request's span", async () => {
    const found = collector.spans.find(
      (span) => span.traceId === traceId && span.serviceName === "aistore-proxy" && span.kind === 2,
    );
    return found ?? null;
  });
  expect(started.attributes["ais.job.id"]).toBe(id);
  for (const root of roots) {
    expect(root.serviceName).toBe("aistore-target");
    expect(root.parentSpanId).toBe("");
    expect(root.traceId).not.toBe(traceId);
    expect(root.links.map((link) => [link.traceId, link.spanId])).toEqual([[traceId, started.spanId]]);
    expect(root.attributes).toMatchObject({
      "ais.job.id": id,
      "ais.bucket": "ais://traced",
      "ais.job.destination": "ais://to",
      "ais.job.outcome": "done",
    });
    const own = collector.spans.filter((span) => span.traceId === root.traceId && span !== root);
    expect(own.map((span) => [span.name, span.parentSpanId])).toEqual([["ais.job.copy", root.spanId]]);
  }
  expect(new Set(roots.map((root) => root.traceId)).size).toBe(3);
  const objects = roots.map((root) => Number(root.attributes["ais.job.objects"]));
  expect(objects.reduce((total, count) => total + count, 0)).toBe(names.length);
  // Every object was put once, with one commit in a trace; the copies have no spans.
  const commits = await until(10_000, "the spans of the PUTs", async () => {
    const found = collector.spans.filter((span) => span.name === "ais.index.commit");
    return found.length >= names.length ? found : null;
  });
  expect(commits.length).toBe(names.length);
  expect(collector.spans.filter((span) => span.name.includes("job-object"))).toEqual([]);
}, 60_000);
