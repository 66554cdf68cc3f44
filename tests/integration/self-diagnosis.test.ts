/**
 * What the system says of itself while it runs (tracing.md 6): requests in flight and as they finish, the way to the
 * collector tried out, counters, exemplars, log lines that name their trace.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { connect } from "node:net";
import { type Build, TestCluster } from "@ais/testkit/cluster.ts";
import { TestCollector } from "@ais/testkit/collector.ts";
import { freePort } from "@ais/testkit/daemon.ts";
import { FaultsFile } from "@ais/testkit/faults.ts";
import { type AisProcess, ais, startAis } from "./ais.fixture.ts";

const OBJECT_BYTES = 300_000;

async function startBucket(options: Parameters<typeof TestCluster.start>[0]): Promise<TestCluster> {
  const cluster = await TestCluster.start(options);
  await fetch(`${cluster.url}/v1/buckets/b`, { method: "POST", body: '{"action":"create-bck"}' });
  return cluster;
}

function put(cluster: TestCluster, name: string, bytes = OBJECT_BYTES): Promise<Response> {
  return fetch(`${cluster.url}/v1/objects/b/${name}`, { method: "PUT", body: new Uint8Array(bytes) });
}

interface InFlight {
  readonly requests: readonly {
    readonly operation: string;
    readonly object: string;
    readonly stage: string;
    readonly age_ms: number;
    readonly node: string;
    readonly bucket: string;
    readonly trace_id: string;
  }[];
}

/** Asks until the request is under way in that stage. */
async function inFlightAt(
  cluster: TestCluster,
  object: string,
  stage: string,
): Promise<InFlight["requests"][number]> {
  for (;;) {
    const { out } = await ais(cluster, "trace", "inflight", "--json");
    const found = (JSON.parse(out) as InFlight).requests.find((request) => request.object === object);
    if (found?.stage === stage) return found;
    await Bun.sleep(20);
  }
}

const BUILDS: readonly Build[] = ["oteltracing", "plain"];

describe.each(BUILDS)("requests, %s", (build) => {
  let cluster: TestCluster;
  const faults = new FaultsFile();

  beforeAll(async () => {
    // Tracing is disabled: who looks at requests needs none.
    cluster = await startBucket({ targets: 2, build: build as "plain", env: faults.env });
  });
  afterAll(async () => {
    faults[Symbol.dispose]();
    await cluster?.[Symbol.asyncDispose]();
  });

  test("inflight names the stage that a request is in, its node and its object", async () => {
    faults.set({ operation: "sync", holds: true });
    const slow = put(cluster, "slow");
    const seen = await inFlightAt(cluster, "slow", "ais.file.sync");
    expect(seen).toMatchObject({ operation: "object.put", bucket: "ais://b", trace_id: "" });
    expect(seen.age_ms).toBeGreaterThan(0);
    const young = await ais(cluster, "trace", "inflight", "--min-age", "1h");
    expect(young.out).toBe("No requests in flight.\n");
    faults.clear();
    expect((await slow).status).toBe(200);
  });

  test("inflight shows a body that does not arrive, and forgets a client that left", async () => {
    const target = cluster.targets[0]?.plan.port ?? 0;
    const socket = connect(target, "127.0.0.1");
    await once(socket, "connect");
    socket.write(
      "PUT /v1/objects/b/half?pid=p1&utm=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nbeginning",
    );
    const seen = await inFlightAt(cluster, "half", "ais.body.receive");
    expect(seen.operation).toBe("object.put");
    socket.destroy();
    for (let isThere = true; isThere; await Bun.sleep(10)) {
      const { out } = await ais(cluster, "trace", "inflight", "--json");
      isThere = (JSON.parse(out) as InFlight).requests.some((request) => request.object === "half");
    }
  });

  test("inflight names a node that does not answer and shows the others", async () => {
    const [stuck] = cluster.targets;
    stuck?.pause();
    try {
      const { status, err } = await ais(cluster, "trace", "inflight");
      expect(status).toBe(0);
      expect(err).toContain("does not answer");
    } finally {
      stuck?.resume();
    }
  });

  test("tail shows what finishes on every node, by the filters", async () => {
    await using everything = await startAis(cluster, "trace", "tail", "--json", "--bucket", "ais://b");
    await using failures = await startAis(cluster, "trace", "tail", "--json", "--status", "4xx");
    // Proxies answer with a redirect, so only the targets see what is missing.
    await followed(cluster, [
      [everything, 3],
      [failures, 2],
    ]);
    await put(cluster, "o");
    await fetch(`${cluster.url}/v1/objects/b/missing`);
    const target = await everything.line((line) => line["object"] === "missing" && line["status"] === 404);
    expect(target).toMatchObject({ bucket: "ais://b", object: "missing", outcome: "sent", sampled: false });
    expect(await everything.line((line) => line["object"] === "o" && line["status"] === 200)).toBeDefined();
    expect(await everything.line((line) => line["object"] === "o" && line["status"] === 307)).toBeDefined();
    await failures.line((line) => line["object"] === "missing");
    expect(failures.lines.filter((line) => line["object"] === "o")).toEqual([]);
  });

  test("tail refuses a filter that makes no sense", async () => {
    const { status, out, err } = await ais(cluster, "trace", "tail", "--status", "9xx");
    expect([status, out, err]).toEqual([1, "", expect.stringContaining('invalid status "9xx"')]);
  });

  test("tail leaves nothing behind when its reader goes, and does not hold up a stop", async () => {
    // More than a node lets watch at the same time.
    for (let i = 0; i < 20; i++) {
      const client = new AbortController();
      const reply = await fetch(`${cluster.url}/v1/trace/tail`, { signal: client.signal });
      expect(reply.status).toBe(200);
      client.abort();
    }
    await using last = await startAis(cluster, "trace", "tail", "--json");
    await followed(cluster, [[last, 3]]);
    const stopping = performance.now();
    const codes = await Promise.all(cluster.daemons.map((daemon) => daemon.end("SIGTERM")));
    expect(codes).toEqual([0, 0, 0]);
    expect(performance.now() - stopping).toBeLessThan(5_000);
  });
});

/**
 * Probes until the watchers have seen as many nodes as serve what their filters let through. Names are always new: a
 * few fixed ones may all belong to one target.
 */
async function followed(
  cluster: TestCluster,
  watchers: readonly (readonly [AisProcess, number])[],
): Promise<void> {
  const nodesSeen = ({ lines }: AisProcess): number =>
    new Set(lines.filter((line) => String(line["object"]).startsWith("probe")).map((line) => line["node"]))
      .size;
  for (let probes = 0; !watchers.every(([watcher, nodes]) => nodesSeen(watcher) === nodes); ) {
    for (let i = 0; i < 8; i++) await fetch(`${cluster.url}/v1/objects/b/probe-${probes++}`);
    await Bun.sleep(20);
  }
}

describe("the export", () => {
  let collector: TestCollector;
  let cluster: TestCluster;

  beforeAll(async () => {
    collector = await TestCollector.start();
    cluster = await startBucket({
      targets: 2,
      tracingEndpoint: collector.endpoint,
      env: { AIS_TRACING_SAMPLING_PROBABILITY: "0" },
    });
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await collector?.[Symbol.asyncDispose]();
  });

  test("is tried by every node, though nothing is sampled", async () => {
    const { status, out } = await ais(cluster, "trace", "test", "--json");
    expect(status).toBe(0);
    const results = Object.values(JSON.parse(out) as Record<string, Record<string, unknown>>);
    expect(results).toHaveLength(3);
    for (const result of results) {
      expect(result).toMatchObject({ ok: true, build: "oteltracing", status: "OK", token: "none" });
      expect(result["endpoint"]).toBe(`grpc://${collector.endpoint} (plaintext)`);
      expect(result["latencyMs"]).toBeGreaterThan(0);
      const [span] = collector.trace(String(result["traceId"]));
      expect(span?.name).toBe("ais.trace.test");
    }
  });

  test("is tried by one node, and a node that is not there is an error", async () => {
    const { out } = await ais(cluster, "trace", "test", "--json");
    const [first = ""] = Object.keys(JSON.parse(out) as object);
    const one = await ais(cluster, "trace", "test", first, "--json");
    expect(Object.keys(JSON.parse(one.out) as object)).toEqual([first]);
    const none = await ais(cluster, "trace", "test", "nobody");
    expect([none.status, none.err]).toEqual([1, expect.stringContaining("nobody")]);
  });

  test("fails with the collector's own words and exit status 1", async () => {
    collector.mode = "refuse";
    try {
      const { status, out, err } = await ais(cluster, "trace", "test");
      expect(status).toBe(1);
      expect(out).toContain("UNAVAILABLE: refused by the test");
      expect(err).toContain("3 of 3 nodes failed to export");
    } finally {
      collector.mode = "accept";
    }
  });

  test("show tracing says what is in force and how it goes", async () => {
    const { out } = await ais(cluster, "show", "tracing");
    expect(out).toContain("SAMPLED");
    expect(out).toMatch(/oteltracing +yes +0% +- +grpc:\/\/localhost:\d+ \(plaintext\)/);
    const json = await ais(cluster, "show", "tracing", "--json");
    for (const stats of Object.values(JSON.parse(json.out) as Record<string, Record<string, unknown>>))
      expect(stats).toMatchObject({ build: "oteltracing", samplerProbability: 0, tail: { enabled: false } });
  });
});

test("the export without a collector, without tracing and in the plain build says so", async () => {
  const gone = await freePort();
  await using cluster = await TestCluster.start({ targets: 1, tracingEndpoint: `http://127.0.0.1:${gone}` });
  const unreachable = await ais(cluster, "trace", "test");
  expect([unreachable.status, unreachable.out]).toEqual([1, expect.stringContaining("UNAVAILABLE")]);
  await fetch(`${cluster.url}/v1/cluster/set-config?tracing.enabled=false`, { method: "PUT" });
  const disabled = await ais(cluster, "trace", "test");
  expect([disabled.status, disabled.out]).toEqual([1, expect.stringContaining("tracing is disabled")]);
  await using plain = await TestCluster.start({ targets: 1, build: "plain" });
  const without = await ais(plain, "trace", "test");
  expect([without.status, without.out]).toEqual([1, expect.stringContaining("built without tracing")]);
  expect((await ais(plain, "show", "tracing")).out).toMatch(/plain +no/);
});

test("show tracing shows the queue's bound that is nearer, whichever it is", async () => {
  await using collector = await TestCollector.start();
  collector.mode = "refuse";
  const env = { OTEL_BSP_MAX_QUEUE_SIZE: "20" };
  await using cluster = await startBucket({ targets: 1, tracingEndpoint: collector.endpoint, env });
  for (let i = 0; i < 20; i++) await put(cluster, `o${i}`, 10);
  const { out } = await ais(cluster, "show", "tracing");
  expect(out).toMatch(/\(plaintext\) +\d+ +0 +\d+ \(queue_full \d+\) +100% /);
});

test("metrics have every figure, exemplars lead to traces, and log lines name theirs", async () => {
  await using collector = await TestCollector.start();
  const flags = ["--log-level=4"];
  await using cluster = await startBucket({ targets: 1, tracingEndpoint: collector.endpoint, flags });
  await put(cluster, "o");
  const traceId = await collector.until(
    () =>
      collector.spans.find(
        (span) => span.serviceName === "aistore-target" && span.attributes["ais.object"] === "o",
      )?.traceId,
  );
  const target = cluster.targets[0]?.url;
  const headers = { accept: "application/openmetrics-text; version=1.0.0" };
  const open = await fetch(`${target}/metrics`, { headers });
  expect(open.headers.get("content-type")).toContain("application/openmetrics-text");
  const text = await open.text();
  expect(text).toEndWith("# EOF\n");
  const exemplar = new RegExp(
    `^ais_target_request_duration_seconds_bucket\\{.*operation="object.put".*\\} \\d+ # \\{trace_id="${traceId}",span_id="[0-9a-f]{16}"\\} [0-9.e-]+ [0-9.]+$`,
    "m",
  );
  expect(text).toMatch(exemplar);
  const plainText = await (await fetch(`${target}/metrics`)).text();
  expect(plainText).not.toContain("trace_id=");
  for (const name of [
    "spans_started_count",
    "spans_ended_count",
    "spans_exported_count",
    "spans_queued",
    "queue_bytes",
    "queue_capacity_bytes",
    "queue_capacity_spans",
    "exports_count",
    "export_failures_count",
    "last_export_ms",
    "last_export_timestamp_seconds",
    "last_error_info",
    "tail_exports_count",
    "tail_limited_count",
    "tail_missed_count",
    "tail_spans_left_out_count",
    "tail_ring_bytes",
    "tail_notices_count",
  ])
    expect(plainText).toContain(`# TYPE ais_target_tracing_${name} `);
  const line = (cluster.targets[0]?.output ?? "")
    .split("\n")
    .find((entry) => entry.includes('"served a request"') && entry.includes("object.put"));
  expect(JSON.parse(line ?? "{}")).toMatchObject({
    trace_id: traceId,
    span_id: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
});
