import { AisError, errorText } from "@ais/base/errors.ts";
import { type Client, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { retryDelayMs } from "../otlp/retry-info.ts";
import type { Destination } from "./destination.ts";
import { connectGrpc } from "./grpc-channel.ts";
import type { Security } from "./security.ts";
import type { TokenFile } from "./token-file.ts";
import { type ExportOutcome, refused, retryLater, type Transport, takenOutcome } from "./transport.ts";

const METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
/** OTLP 1.x, "Failures" of OTLP/gRPC. `RESOURCE_EXHAUSTED` is decided by its RetryInfo. */
const RETRYABLE: ReadonlySet<number> = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.OUT_OF_RANGE,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);
const NO_BYTES = Buffer.alloc(0);

export interface GrpcTransportOptions {
  readonly destination: Destination;
  readonly token: TokenFile | null;
  readonly security: Security;
}

/** OTLP/gRPC with the request's bytes as they are. The connection is made when it is first needed. */
export class GrpcTransport implements Transport {
  readonly #options: GrpcTransportOptions;
  #client: Promise<Client> | null = null;
  #closed = false;

  constructor(options: GrpcTransportOptions) {
    this.#options = options;
  }

  async export(request: Uint8Array): Promise<ExportOutcome> {
    try {
      const metadata = await this.#metadata();
      this.#client ??= this.#connect();
      const client = await this.#client;
      const outcome = await this.#call(client, metadata, request);
      if (outcome.kind === "retry" && (await this.#options.security.changed())) this.#forgetClient();
      return outcome;
    } catch (error) {
      if (!(error instanceof AisError)) this.#forgetClient();
      return retryLater(errorText(error));
    }
  }

  close(): void {
    this.#closed = true;
    this.#forgetClient();
  }

  async #metadata(): Promise<Metadata> {
    const { destination, token } = this.#options;
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(destination.headers)) metadata.set(name, value);
    if (token !== null) metadata.set(destination.tokenHeader, await token.token());
    return metadata;
  }

  async #connect(): Promise<Client> {
    const { destination, security } = this.#options;
    const client = await connectGrpc(destination, await security.tls());
    if (this.#closed) client.close();
    return client;
  }

  #forgetClient(): void {
    const client = this.#client;
    this.#client = null;
    client?.then(
      (connected) => connected.close(),
      // A client that never came to be has nothing to close; who asked for it was told.
      () => {},
    );
  }

  #call(client: Client, metadata: Metadata, request: Uint8Array): Promise<ExportOutcome> {
    const deadline = Date.now() + this.#options.destination.timeoutMs;
    return new Promise((resolve) => {
      client.makeUnaryRequest(
        METHOD,
        asBuffer,
        (bytes: Buffer) => bytes,
        request,
        metadata,
        { deadline },
        (error: ServiceError | null, response?: Buffer) => {
          resolve(error === null ? takenOutcome(response ?? NO_BYTES) : failedOutcome(error));
        },
      );
    });
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function failedOutcome(error: ServiceError): ExportOutcome {
  const text = `${status[error.code] ?? `code ${error.code}`}: ${error.details}`;
  const details = error.metadata?.get("grpc-status-details-bin")[0];
  const delayMs = details instanceof Uint8Array ? retryDelayMs(details) : null;
  if (error.code === status.RESOURCE_EXHAUSTED)
    return delayMs === null ? refused(text) : retryLater(text, delayMs);
  return RETRYABLE.has(error.code) ? retryLater(text, delayMs) : refused(text);
}
