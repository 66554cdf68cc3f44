/** A real OTLP/gRPC collector on a free port, for tests, that behaves as badly as it is told. */
import { Metadata, Server, ServerCredentials, type ServiceDefinition, type status } from "@grpc/grpc-js";
import { decodeExportRequest } from "../otlp/decode.ts";
import type { OtlpResourceSpans, OtlpSpan } from "../otlp/types.ts";
import type { SelfSigned } from "./self-signed.ts";

export type Behaviour =
  | { readonly kind: "ok" }
  | { readonly kind: "partial"; readonly rejected: number; readonly message: string }
  | { readonly kind: "fail"; readonly code: status; readonly text: string; readonly retryAfterMs?: number }
  /** Never answers. */
  | { readonly kind: "hang" };

export const OK: Behaviour = { kind: "ok" };

export interface Received {
  readonly spans: readonly OtlpResourceSpans[];
  readonly metadata: Readonly<Record<string, string>>;
}

const raw = (bytes: Buffer): Buffer => bytes;
const SERVICE: ServiceDefinition = {
  export: {
    path: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    requestStream: false,
    responseStream: false,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  },
};

export class Collector implements AsyncDisposable {
  readonly received: Received[] = [];
  behaviour: Behaviour = OK;
  calls = 0;
  readonly port: number;
  readonly #server: Server;
  readonly #watchers = new Set<() => void>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async start(tls?: SelfSigned, port = 0): Promise<Collector> {
    const server = new Server();
    const credentials =
      tls === undefined
        ? ServerCredentials.createInsecure()
        : ServerCredentials.createSsl(null, [
            { cert_chain: Buffer.from(tls.certPem), private_key: Buffer.from(tls.keyPem) },
          ]);
    const bound = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${port}`, credentials, (error, free) =>
        error === null ? resolve(free) : reject(error),
      );
    });
    const collector = new Collector(server, bound);
    server.addService(SERVICE, {
      export: (call: { request: Buffer; metadata: Metadata }, reply: Reply) => collector.#export(call, reply),
    });
    return collector;
  }

  get spans(): OtlpSpan[] {
    return this.received.flatMap(({ spans }) => spans.flatMap(spansOf));
  }

  /** Resolves when `done` holds; looks after every call that came in. */
  async until(done: () => boolean): Promise<void> {
    while (!done()) {
      await new Promise<void>((resolve) => {
        const watcher = (): void => {
          this.#watchers.delete(watcher);
          resolve();
        };
        this.#watchers.add(watcher);
      });
    }
  }

  /** Cuts every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
  }

  #export(call: { request: Buffer; metadata: Metadata }, reply: Reply): void {
    this.calls++;
    const { behaviour } = this;
    if (behaviour.kind === "ok" || behaviour.kind === "partial") {
      const metadata = Object.fromEntries(
        Object.entries(call.metadata.getMap()).map(([name, value]) => [name, value.toString()]),
      );
      this.received.push({ spans: decodeExportRequest(call.request), metadata });
    }
    if (behaviour.kind === "ok") reply(null, Buffer.alloc(0));
    else if (behaviour.kind === "partial") reply(null, partialSuccess(behaviour.rejected, behaviour.message));
    else if (behaviour.kind === "fail")
      reply(failure(behaviour.code, behaviour.text, behaviour.retryAfterMs));
    for (const watcher of [...this.#watchers]) watcher();
  }
}

type Reply = (error: ReturnType<typeof failure> | null, response?: Buffer) => void;

export function spansOf({ scopeSpans }: OtlpResourceSpans): OtlpSpan[] {
  return scopeSpans.flatMap(({ spans }) => spans);
}

function partialSuccess(rejected: number, message: string): Buffer {
  const text = Buffer.from(message);
  const partial = Buffer.concat([Buffer.from([0x08, rejected, 0x12, text.length]), text]);
  return Buffer.concat([Buffer.from([0x0a, partial.length]), partial]);
}

/** With `retryAfterMs` (below 128) the error carries a `google.rpc.RetryInfo`. */
function failure(code: status, details: string, retryAfterMs?: number) {
  const metadata = new Metadata();
  if (retryAfterMs !== undefined) metadata.set("grpc-status-details-bin", retryInfo(code, retryAfterMs));
  return Object.assign(new Error(details), { code, details, metadata });
}

function retryInfo(code: number, retryAfterMs: number): Buffer {
  const nanos = retryAfterMs * 1_000_000;
  const varint: number[] = [];
  for (let rest = nanos; ; rest >>>= 7) {
    if (rest < 128) {
      varint.push(rest);
      break;
    }
    varint.push((rest & 127) | 128);
  }
  const info = field(0x0a, Buffer.from([0x10, ...varint]));
  const any = Buffer.concat([
    field(0x0a, Buffer.from("type.googleapis.com/google.rpc.RetryInfo")),
    field(0x12, info),
  ]);
  return Buffer.concat([Buffer.from([0x08, code]), field(0x1a, any)]);
}

function field(tag: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag, body.length]), body]);
}
