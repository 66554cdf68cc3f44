/**
 * Exports of a real cluster, received by OpenTelemetry's own Python definitions over gRPC's C core: neither their wire
 * format nor the names in them are ours to judge here.
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { preparePython } from "./python-suite.fixture.ts";

/** Required and recommended of SERVER spans by the semantic conventions of HTTP, as far as every request has them. */
const SERVER_ATTRIBUTES = [
  "http.request.method",
  "http.response.status_code",
  "http.route",
  "network.protocol.version",
  "server.address",
  "server.port",
  "url.path",
  "url.scheme",
  "user_agent.original",
];
const CLIENT_ATTRIBUTES = [
  "http.request.method",
  "http.response.status_code",
  "server.address",
  "server.port",
  "url.full",
];
const ARRIVAL_LIMIT_MS = 20_000;

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Span {
  /** Of its resource. */
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: string;
  readonly flags: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly Attribute[];
  readonly status?: { readonly code?: string };
}

interface Received {
  readonly request: {
    readonly resourceSpans: readonly {
      readonly resource: { readonly attributes: readonly Attribute[] };
      readonly scopeSpans: readonly { readonly spans: readonly Omit<Span, "service">[] }[];
    }[];
  };
  readonly unknown: readonly string[];
}

/** The collector, and what it received so far. */
class PythonCollector implements AsyncDisposable {
  readonly received: Received[] = [];
  readonly port: Promise<number>;
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;

  constructor(python: string) {
    this.#child = Bun.spawn([python, "-B", join(import.meta.dir, "otlp/collector.py")], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    const lines = createInterface({ input: Readable.fromWeb(this.#child.stdout as never) });
    const port = Promise.withResolvers<number>();
    lines.on("line", (line) => {
      const value = JSON.parse(line) as Received | { readonly port: number };
      if ("port" in value) port.resolve(value.port);
      else this.received.push(value);
    });
    lines.on("close", () => port.reject(new Error("the collector ended")));
    this.port = port.promise;
  }

  get spans(): readonly Span[] {
    return this.received.flatMap(({ request }) =>
      request.resourceSpans.flatMap(({ resource, scopeSpans }) => {
        const name = resource.attributes.find(({ key }) => key === "service.name");
        const service = String(name?.value["stringValue"]);
        return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, service })));
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.end();
    await this.#child.exited;
  }
}

const bytes = (base64: string): number => Buffer.from(base64, "base64").length;
const keysOf = ({ attributes = [] }: Span): readonly string[] => attributes.map(({ key }) => key);

async function exercise(url: string): Promise<void> {
  const send = async (method: string, path: string, body?: string): Promise<void> => {
    const reply = await fetch(`${url}${path}`, { method, ...(body === undefined ? {} : { body }) });
    await reply.arrayBuffer();
  };
  await send("POST", "/v1/buckets/b", '{"action":"create-bck"}');
  await send("PUT", "/v1/objects/b/o", "content");
  await send("GET", "/v1/objects/b/o");
  await send("GET", "/v1/objects/b/missing");
  await send("GET", "/v1/buckets/b");
}

const prepared = preparePython("otlp/requirements.txt");

if ("missing" in prepared) {
  test.skip(`OpenTelemetry's Python definitions: ${prepared.missing}`, () => {});
} else {
  test.each(["", "gzip"])(
    "exports are what OpenTelemetry defines, compression %p",
    async (compression) => {
      await using collector = new PythonCollector(prepared.python);
      {
        await using cluster = await TestCluster.start({
          targets: 2,
          tracingEndpoint: `localhost:${await collector.port}`,
          env: { OTEL_EXPORTER_OTLP_COMPRESSION: compression },
        });
        await exercise(cluster.url);
        for (const { url } of cluster.daemons) await expectHeard(url);
        // What is left is sent by the end of the daemons.
        await Promise.all(cluster.daemons.map((daemon) => daemon.end("SIGTERM")));
      }
      const deadlineMs = performance.now() + ARRIVAL_LIMIT_MS;
      while (!hasListings(collector) && performance.now() < deadlineMs) await Bun.sleep(20);
      expect(collector.received.flatMap(({ unknown }) => unknown)).toEqual([]);
      const { spans } = collector;
      expect(spans.length).toBeGreaterThan(20);
      for (const span of spans) expectSound(span);
      expectTree(spans);
    },
    120_000,
  );
}

/** The node has read what the collector said with its answer. */
async function expectHeard(url: string): Promise<void> {
  const deadlineMs = performance.now() + ARRIVAL_LIMIT_MS;
  let heard = "";
  while (heard === "" && performance.now() < deadlineMs) {
    const stats = await (await fetch(`${url}/v1/daemon?what=tracing`)).json();
    heard = (stats as { readonly lastError: string }).lastError;
    await Bun.sleep(20);
  }
  expect(heard).toStartWith("as good as gold gold");
}

/** Of both targets, and the proxy's span above them, which the last export of each brings. */
function hasListings({ spans }: PythonCollector): boolean {
  const count = (wanted: string): number => spans.filter(({ name }) => name === wanted).length;
  return count("POST /v1/intra/list") === 2 && count("GET /v1/buckets/{bucket}") === 1;
}

function expectSound(span: Span): void {
  expect([bytes(span.traceId), bytes(span.spanId)]).toEqual([16, 8]);
  expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
  expect(span.flags & 1).toBe(1);
  const keys = keysOf(span);
  expect(new Set(keys).size).toBe(keys.length);
  if (span.kind === "SPAN_KIND_SERVER") expect(keys).toEqual(expect.arrayContaining(SERVER_ATTRIBUTES));
  // Targets do not say who their client is, for what it costs to ask; the proxy's span says it for the trace.
  if (span.kind === "SPAN_KIND_SERVER" && span.service === "aistore-proxy")
    expect(keys).toContain("client.address");
  if (span.kind === "SPAN_KIND_CLIENT") expect(keys).toEqual(expect.arrayContaining(CLIENT_ATTRIBUTES));
}

/** A listing goes from the client over the proxy to both targets. */
function expectTree(spans: readonly Span[]): void {
  const root = must(
    spans.find(({ name, kind }) => name === "GET /v1/buckets/{bucket}" && kind === "SPAN_KIND_SERVER"),
    "a listing",
  );
  expect(root.parentSpanId).toBeUndefined();
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const served = spans.filter(
    ({ name, traceId }) => name === "POST /v1/intra/list" && traceId === root.traceId,
  );
  expect(served).toHaveLength(2);
  for (const { parentSpanId = "" } of served) {
    const client = must(byId.get(parentSpanId), "the call");
    expect(client.kind).toBe("SPAN_KIND_CLIENT");
    const broadcast = must(byId.get(client.parentSpanId ?? ""), "the broadcast");
    expect(broadcast.parentSpanId).toBe(root.spanId);
  }
}
