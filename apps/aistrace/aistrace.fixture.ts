import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@ais/base/log.ts";
import * as grpc from "@grpc/grpc-js";
import { type Aistrace, type AistraceOverrides, startAistrace } from "./aistrace.ts";
import type { Options } from "./options.ts";
import { encodeSpans, type TestSpan } from "./spans.fixture.ts";

export interface TempDir extends Disposable {
  readonly path: string;
}

export function tempDir(): TempDir {
  const path = mkdtempSync(join(tmpdir(), "aistrace-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export function testOptions(dataDir: string, changes: Partial<Options> = {}): Options {
  return {
    listenAddress: "127.0.0.1",
    otlpGrpcPort: 0,
    otlpHttpPort: 0,
    queryPort: 0,
    dataDir,
    maxBytes: 1024 ** 3,
    maxAgeMs: 48 * 3600 * 1000,
    tlsCert: "",
    tlsKey: "",
    ...changes,
  };
}

/** A whole aistrace on free ports, its data in a folder that goes away with it. */
export class TestAistrace implements AsyncDisposable {
  readonly ports: Aistrace["ports"];
  readonly #running: Aistrace;
  readonly #dir: TempDir;

  private constructor(running: Aistrace, dir: TempDir) {
    this.#running = running;
    this.#dir = dir;
    this.ports = running.ports;
  }

  static async start(
    changes: Partial<Options> = {},
    overrides: AistraceOverrides = {},
  ): Promise<TestAistrace> {
    const dir = tempDir();
    return new TestAistrace(
      await startAistrace(testOptions(dir.path, changes), silentLogger, overrides),
      dir,
    );
  }

  post(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.ports.otlpHttp}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/x-protobuf", ...headers },
      body,
    });
  }

  /** Stored when this resolves. */
  async send(spans: readonly TestSpan[]): Promise<void> {
    const response = await this.post(encodeSpans(spans));
    if (response.status !== 200)
      throw new Error(`export failed: ${response.status} ${await response.text()}`);
  }

  get(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.ports.query}${path}`);
  }

  async json<T>(path: string): Promise<T> {
    return (await (await this.get(path)).json()) as T;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
    this.#dir[Symbol.dispose]();
  }
}

/**
 * Exports over gRPC as OpenTelemetry's exporters do, with TLS when `ca` is given. Rejects with the client's `ServiceError`.
 */
export function exportGrpc(
  port: number,
  request: Uint8Array,
  options: grpc.ClientOptions = {},
  ca?: string,
): Promise<Buffer> {
  const credentials =
    ca === undefined ? grpc.credentials.createInsecure() : grpc.credentials.createSsl(Buffer.from(ca));
  const client = new grpc.Client(`localhost:${port}`, credentials, options);
  const same = (bytes: Buffer): Buffer => bytes;
  return new Promise<Buffer>((resolve, reject) => {
    client.makeUnaryRequest(
      "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
      same,
      same,
      Buffer.from(request),
      (error, reply) => (error === null && reply !== undefined ? resolve(reply) : reject(error)),
    );
  }).finally(() => client.close());
}
