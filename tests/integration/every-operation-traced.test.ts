/** Every traced operation of the closed list has its SERVER span, on every role that serves it (tracing.md 4). */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { type CollectedSpan, TestCollector } from "@ais/testkit/collector.ts";
import { OPERATIONS, type Operation } from "@ais/wire/operations.ts";

type Traced = {
  readonly [Name in Operation]: (typeof OPERATIONS)[Name]["traced"] extends true ? Name : never;
}[Operation];

interface Sent {
  /** Proxies by default. Clients may not call what is between nodes: that they were refused has a span as well. */
  readonly to?: "target";
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly status: number;
  /** Which roles have the span; the one that is asked by default. */
  readonly on?: readonly ("proxy" | "target")[];
  /** Names of spans below, on the way of this request. */
  readonly below?: readonly string[];
  /** Those below are of what the targets' own watch may have done before: with another bucket it is tried again. */
  readonly isRace?: true;
}

const BOTH = ["proxy", "target"] as const;
const SERVER = 2;
const TARGETS = 2;
/** Each is won by a watch less than every other time. */
const RACES_MAX = 40;
const OBJECT = "/v1/objects/b/o";
const act = (action: string, members: object = {}) => JSON.stringify({ action, ...members });
const nodes = (method: string, name: string): Sent => ({
  to: "target",
  method,
  path: `/v1/intra/${name}`,
  status: 401,
});

/** In the order of sending. A new operation does not compile until it is here. */
const REQUESTS: Readonly<Record<Traced, Sent>> = {
  "bucket.create": {
    method: "POST",
    path: "/v1/buckets/b",
    body: act("create-bck"),
    status: 200,
    below: ["ais.coordinator.update", "ais.broadcast intra.sync", "POST"],
  },
  "intra.sync": {
    method: "POST",
    path: "/v1/buckets/b2",
    body: act("create-bck"),
    status: 200,
    on: ["target"],
    below: ["ais.coordinator.get"],
    isRace: true,
  },
  "object.put": {
    method: "PUT",
    path: OBJECT,
    body: "content",
    status: 200,
    on: BOTH,
    below: ["ais.index.commit"],
  },
  "object.get": {
    method: "GET",
    path: OBJECT,
    status: 200,
    on: BOTH,
    below: ["ais.index.lookup", "ais.file.read"],
  },
  "object.head": { method: "HEAD", path: OBJECT, status: 200, on: BOTH, below: ["ais.index.lookup"] },
  "object.patch": {
    method: "PATCH",
    path: OBJECT,
    body: act("", { value: { color: "blue" } }),
    status: 200,
    on: BOTH,
    below: ["ais.index.commit"],
  },
  "object.list": {
    method: "GET",
    path: "/v1/buckets/b",
    status: 200,
    below: ["ais.broadcast object.list", "POST"],
  },
  "intra.list": {
    method: "GET",
    path: "/v1/buckets/b",
    status: 200,
    on: ["target"],
    below: ["ais.index.scan", "ais.list.encode"],
  },
  "object.post": {
    method: "POST",
    path: OBJECT,
    body: act("rename-obj", { name: "other" }),
    status: 200,
    on: BOTH,
    below: ["ais.index.commit"],
  },
  "object.delete": {
    method: "DELETE",
    path: "/v1/objects/b/other",
    status: 200,
    on: BOTH,
    below: ["ais.index.commit"],
  },
  "bucket.list": { method: "GET", path: "/v1/buckets", status: 200 },
  "bucket.head": { method: "HEAD", path: "/v1/buckets/b", status: 200 },
  "bucket.set-props": {
    method: "PATCH",
    path: "/v1/buckets/b",
    body: act("set-bprops", { value: { versioning: { enabled: false } } }),
    status: 200,
    below: ["ais.coordinator.update", "ais.broadcast intra.sync"],
  },
  "bucket.put": { method: "PUT", path: "/v1/buckets/b", body: act("unknown"), status: 400 },
  "bucket.destroy": {
    method: "DELETE",
    path: "/v1/buckets/b",
    body: act("destroy-bck"),
    status: 200,
    below: ["ais.coordinator.update", "ais.broadcast intra.sync"],
  },
  "daemon.get": { to: "target", method: "GET", path: "/v1/daemon?what=sysinfo", status: 200 },
  "daemon.set-config": {
    to: "target",
    method: "PUT",
    path: "/v1/daemon/set-config?log.level=3&transient=true",
    status: 200,
  },
  "daemon.act": { to: "target", method: "PUT", path: "/v1/daemon", body: act("unknown"), status: 400 },
  "storage.start": { to: "target", method: "POST", path: "/v1/daemon/storage/check", status: 200 },
  "storage.status": { to: "target", method: "GET", path: "/v1/daemon/storage/check", status: 200 },
  "storage.stop": { to: "target", method: "DELETE", path: "/v1/daemon/storage/check", status: 200 },
  "cluster.get": { method: "GET", path: "/v1/cluster?what=smap", status: 200 },
  "cluster.set-config": {
    method: "PUT",
    path: "/v1/cluster/set-config?log.level=3",
    status: 200,
    below: ["ais.coordinator.update"],
  },
  "cluster.act": {
    method: "PUT",
    path: "/v1/cluster",
    body: act("start", { value: { kind: "cleanup-store" } }),
    status: 200,
    below: ["ais.coordinator.update"],
  },
  "intra.jobs": nodes("GET", "jobs"),
  "cluster.set-primary": { method: "PUT", path: "/v1/cluster/proxy/nobody", status: 404 },
  "reverse.daemon": { method: "GET", path: "/v1/reverse/daemon?what=sysinfo", status: 400 },
  "intra.object-put": nodes("PUT", "object"),
  "intra.hand-over": nodes("POST", "hand-over"),
  "intra.drop": nodes("POST", "drop"),
  "intra.listing-stop": nodes("DELETE", "jobs"),
  "intra.promote-scan": nodes("POST", "promote-scan"),
  "intra.promote": nodes("POST", "promote"),
  "download.list": { method: "GET", path: "/v1/download", status: 200 },
  "sort.list": { method: "GET", path: "/v1/sort", status: 200 },
  "etl.list": { method: "GET", path: "/v1/etl", status: 200 },
};

let collector: TestCollector;
let cluster: TestCluster;

/** Waiting for spans has deadlines of its own. */
setDefaultTimeout(60_000);

beforeAll(async () => {
  collector = await TestCollector.start();
  cluster = await TestCluster.start({ targets: TARGETS, tracingEndpoint: collector.endpoint });
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
});

/** Resolves with the id of the request's trace, which is the caller's. */
async function send({ to, method, path, body, status }: Sent): Promise<string> {
  const base = to === "target" ? must(cluster.targets[0], "a target").url : cluster.url;
  const traceId = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex");
  const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
  const reply = await fetch(`${base}${path}`, {
    method,
    headers: { traceparent },
    ...(body === undefined ? {} : { body }),
  });
  expect([method, path, reply.status, await reply.text()]).toEqual([method, path, status, expect.anything()]);
  return traceId;
}

for (const [operation, sent] of Object.entries(REQUESTS)) {
  test(operation, async () => {
    const { method, route } = OPERATIONS[operation as Operation];
    const wanted = (sent.on ?? [sent.to ?? "proxy"]).map((role) => `aistore-${role}`);
    const isOfOperation = ({ kind, attributes }: CollectedSpan): boolean =>
      kind === SERVER && attributes["ais.operation"] === operation;
    const hasBelow = (trace: readonly CollectedSpan[]): boolean =>
      (sent.below ?? []).every((name) => trace.some((span) => span.name === name));
    /** The trace of the request, once the spans of those who served it are there, and those below them if they must be. */
    const traceOf = (request: Sent): Promise<readonly CollectedSpan[]> =>
      send(request).then((traceId) =>
        collector.until(() => {
          const trace = collector.trace(traceId);
          const servers = trace.filter(isOfOperation);
          if (request.isRace) return servers.length === TARGETS ? trace : null;
          const isServed = wanted.every((service) => servers.some((span) => span.serviceName === service));
          return isServed && hasBelow(trace) ? trace : null;
        }),
      );
    let spans = await traceOf(sent);
    for (let race = 0; sent.isRace && !hasBelow(spans) && race < RACES_MAX; race++)
      spans = await traceOf({ ...sent, path: `${sent.path}-${race}` });
    expect(hasBelow(spans)).toBe(true);
    const ofOperation = spans.filter(isOfOperation);
    // What is relayed to a node has the method that the node is asked with.
    const asked = method === "*" ? sent.method : method;
    for (const { name } of ofOperation) expect(name).toBe(`${asked} ${route}`);
    for (const { parentSpanId } of ofOperation) expect(parentSpanId).not.toBe("");
  });
}
