/** A job is a trace of its own on every node, with a link to the request that started it (tracing.md 4). */
import { expect, test } from "bun:test";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { oneSpan, TestCollector } from "@ais/testkit/collector.ts";
import { contentOf, getWithBody, JobClient, numbered, until } from "./jobs.fixture.ts";

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
  const roots = await until(30_000, "the job's spans", async () => {
    const found = collector.spans.filter((span) => span.name === "ais.job copy-bck");
    return found.length === 3 ? found : null;
  });
  const started = await until(30_000, "the request's span", async () => {
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
  const commits = await until(30_000, "the spans of the PUTs", async () => {
    const found = collector.spans.filter((span) => span.name === "ais.index.commit");
    return found.length >= names.length ? found : null;
  });
  expect(commits.length).toBe(names.length);
  expect(collector.spans.filter((span) => span.name.includes("job-object"))).toEqual([]);
}, 90_000);

test("a synchronized copy has two phases, and what targets ask each other for it begins no traces", async () => {
  await using collector = await TestCollector.start();
  await using cluster = await TestCluster.start({ targets: 3, tracingEndpoint: collector.endpoint });
  const jobs = new JobClient(cluster);
  await jobs.create("src");
  await jobs.fill("src", numbered("o-", 60), contentOf);
  const path = "/v1/buckets/src?bck_to=ais/@%23/dst/";
  await jobs.wait(await jobs.job("POST", path, "copy-bck", {}));
  const names = numbered("o-", 30);
  await jobs.wait(await jobs.job("DELETE", "/v1/buckets/src", "delete-listrange", { objnames: names }));
  const id = await jobs.job("POST", path, "copy-bck", { synchronize: true });
  await jobs.wait(id);
  expect((await jobs.names("dst")).length).toBe(30);
  const roots = await until(30_000, "the job's spans", async () => {
    const found = collector.spans.filter(({ attributes }) => attributes["ais.job.id"] === id);
    const ofTargets = found.filter(({ name }) => name === "ais.job copy-bck");
    return ofTargets.length === 3 ? ofTargets : null;
  });
  for (const root of roots) {
    const own = collector.spans.filter((span) => span.parentSpanId === root.spanId);
    expect(own.map(({ name }) => name).toSorted()).toEqual(["ais.job.copy", "ais.job.prune"]);
  }
  expect(collector.spans.filter(({ name }) => name.includes("missing"))).toEqual([]);
}, 90_000);

test("every kind that a request starts has its own traces, linked to the request", async () => {
  await using collector = await TestCollector.start();
  await using cluster = await TestCluster.start({ targets: 2, tracingEndpoint: collector.endpoint });
  const jobs = new JobClient(cluster);
  for (const bucket of ["one", "two"]) {
    await jobs.create(bucket);
    await jobs.fill(bucket, numbered("o-", 20), contentOf);
  }
  const to = { name: "some", provider: "ais", namespace: { uuid: "", name: "" } };
  const requests: readonly (readonly [kind: string, method: string, path: string, value: unknown])[] = [
    ["delete-listrange", "DELETE", "/v1/buckets/one", { template: "o-000{0..3}" }],
    ["copy-listrange", "POST", "/v1/buckets/one", { tobck: to, objnames: ["o-0004"] }],
    ["summary-bck", "GET", "/v1/buckets/one", { uuid: "", prefix: "" }],
    ["move-bck", "POST", "/v1/buckets/two?bck_to=ais/@%23/three/", null],
    ["lru", "PUT", "/v1/cluster", { Kind: "lru" }],
    ["cleanup-store", "PUT", "/v1/cluster", { Kind: "cleanup-store" }],
    ["rebalance", "PUT", "/v1/cluster", { Kind: "rebalance" }],
  ];
  for (const [index, [kind, method, path, value]] of requests.entries()) {
    const traceId = `${"0".repeat(30)}${10 + index}`;
    const action = path === "/v1/cluster" ? "start" : kind;
    const { status, text } = await getWithBody(
      `${cluster.url}${path}`,
      { action, name: "", value },
      { method, headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` } },
    );
    expect([kind, [200, 202].includes(status), text]).toEqual([kind, true, expect.any(String)]);
    await jobs.waitIdle(text);
    const roots = await until(30_000, `the spans of ${kind}`, async () => {
      const found = collector.spans.filter(
        ({ name, attributes }) => name === `ais.job ${kind}` && attributes["ais.job.id"] === text,
      );
      return found.length >= 2 ? found : null;
    });
    const started = await until(30_000, "the request's span", async () => {
      const found = collector.spans.find(
        (span) => span.traceId === traceId && span.serviceName === "aistore-proxy" && span.kind === 2,
      );
      return found ?? null;
    });
    for (const root of roots) {
      expect([kind, root.parentSpanId, root.traceId === traceId]).toEqual([kind, "", false]);
      expect(root.links.map((link) => [link.traceId, link.spanId])).toEqual([[traceId, started.spanId]]);
    }
    expect(new Set(roots.map((root) => root.traceId)).size).toBe(roots.length);
  }
}, 90_000);

test("a cleanup has a span of each thing that it looks for, on every mountpath", async () => {
  await using collector = await TestCollector.start();
  await using cluster = await TestCluster.start({
    targets: 1,
    mountpathsPerTarget: 2,
    tracingEndpoint: collector.endpoint,
  });
  const jobs = new JobClient(cluster);
  const id = await jobs.job("PUT", "/v1/cluster", "start", { Kind: "cleanup-store" });
  await jobs.wait(id);
  const root = await collector.until(() =>
    collector.spans.find(
      ({ name, attributes }) => name === "ais.job cleanup-store" && attributes["ais.job.id"] === id,
    ),
  );
  const phase = oneSpan(collector.trace(root.traceId), "ais.job.clean");
  expect(phase.parentSpanId).toBe(root.spanId);
  const parts = collector.trace(root.traceId).filter(({ parentSpanId }) => parentSpanId === phase.spanId);
  expect(parts.map(({ name }) => name).toSorted()).toEqual([
    "ais.coordinator.get",
    "ais.file.reclaim",
    "ais.file.reclaim",
    "ais.file.sweep",
    "ais.file.sweep",
    "ais.upload.sweep",
  ]);
  const swept = parts.filter(({ name }) => name === "ais.file.sweep");
  for (const { attributes } of swept)
    expect(attributes).toMatchObject({ "ais.files.removed": 0, "ais.bytes": 0 });
  expect(new Set(swept.map(({ attributes }) => attributes["ais.mountpath"])).size).toBe(2);
}, 90_000);
