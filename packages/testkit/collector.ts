import { must } from "@ais/base/assert.ts";
import { decodeExportRequest } from "@ais/tracing/otlp/decode.ts";
import type { OtlpAttributes, OtlpSpan } from "@ais/tracing/otlp/types.ts";
import * as grpc from "@grpc/grpc-js";

/** A span as the collector got it, with what its resource and metadata said. */
export interface CollectedSpan extends OtlpSpan {
  readonly serviceName: string;
  readonly resource: OtlpAttributes;
}

/** `find` of `until` may depend on more than spans. */
const ASK_AGAIN_MS = 200;

/** How the collector behaves: `hang` never answers, `refuse` answers UNAVAILABLE. */
export type CollectorMode = "accept" | "hang" | "refuse";

export interface CollectorOptions {
  /** 0 takes a free port. */
  readonly port?: number;
  readonly tls?: { readonly key: Buffer; readonly cert: Buffer };
  /** False: spans are counted only. */
  readonly keep?: boolean;
}

/** A real OTLP/gRPC collector that keeps what it gets. */
export class TestCollector implements AsyncDisposable {
  mode: CollectorMode = "accept";
  /** How long an export waits for its answer. */
  delayMs = 0;
  /** Spans that were taken, kept or not. */
  received = 0;
  readonly spans: CollectedSpan[] = [];
  /** Metadata of every export, newest last. */
  readonly metadata: Readonly<Record<string, grpc.MetadataValue>>[] = [];
  readonly #server = new grpc.Server({ "grpc.max_receive_message_length": 64 << 20 });
  readonly #waiting: (() => void)[] = [];
  #keeps = true;
  #port = 0;

  get port(): number {
    return this.#port;
  }

  get endpoint(): string {
    return `localhost:${this.#port}`;
  }

  static async start(options: CollectorOptions = {}): Promise<TestCollector> {
    const collector = new TestCollector();
    collector.#keeps = options.keep ?? true;
    collector.#server.addService(EXPORT_SERVICE, {
      export: (call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) =>
        collector.#receive(call, done),
    });
    const credentials = options.tls
      ? grpc.ServerCredentials.createSsl(null, [
          { private_key: options.tls.key, cert_chain: options.tls.cert },
        ])
      : grpc.ServerCredentials.createInsecure();
    collector.#port = await new Promise((resolve, reject) => {
      collector.#server.bindAsync(`127.0.0.1:${options.port ?? 0}`, credentials, (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
    return collector;
  }

  /** Spans of one trace, in order of their start. */
  trace(traceId: string): readonly CollectedSpan[] {
    return this.spans
      .filter((span) => span.traceId === traceId)
      .sort((a, b) => Number(a.startTimeUnixNano - b.startTimeUnixNano));
  }

  /** Resolves with the first truthy answer of `find`, asked again whenever spans arrive, and now and then. */
  async until<T>(
    find: () => T | null | undefined | false | Promise<T | null | undefined | false>,
    timeoutMs = 25_000,
  ): Promise<T> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const found = await find();
      if (found) return found;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw new Error(`spans did not arrive in ${timeoutMs} ms; have:\n${this.describe()}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(leftMs, ASK_AGAIN_MS));
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  describe(): string {
    return this.spans
      .map(
        (span) =>
          `${span.traceId.slice(0, 6)} ${span.parentSpanId.slice(0, 6)}>${span.spanId.slice(0, 6)} ${span.serviceName} ${span.name}`,
      )
      .join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
  }

  #receive(call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>): void {
    if (this.mode === "hang") return;
    if (this.mode === "refuse") {
      done({ code: grpc.status.UNAVAILABLE, details: "refused by the test" });
      return;
    }
    if (this.#keeps) this.metadata.push(call.metadata.getMap());
    for (const { resource, scopeSpans } of decodeExportRequest(call.request)) {
      const serviceName = String(resource.attributes["service.name"]);
      for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
        this.received++;
        if (this.#keeps) this.spans.push({ ...span, serviceName, resource: resource.attributes });
      }
    }
    if (this.delayMs === 0) done(null, Buffer.alloc(0));
    else setTimeout(() => done(null, Buffer.alloc(0)), this.delayMs);
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

const identity = (bytes: Buffer): Buffer => bytes;

const EXPORT_SERVICE: grpc.ServiceDefinition = {
  export: {
    path: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  },
};

/** The one span of that name in a list; fails with the list when there is none or more than one. */
export function oneSpan(spans: readonly CollectedSpan[], name: string, serviceName?: string): CollectedSpan {
  const found = spans.filter(
    (span) => span.name === name && (serviceName === undefined || span.serviceName === serviceName),
  );
  const have = spans.map((span) => `${span.serviceName} ${span.name}`).join(", ");
  if (found.length !== 1)
    throw new Error(`want one "${name}" of ${serviceName ?? "any service"}, have ${have}`);
  return must(found[0], name);
}
