import { AisError, errorText } from "@ais/base/errors.ts";
import { retryDelayMs } from "../otlp/retry-info.ts";
import type { Destination } from "./destination.ts";
import { GrpcChannel } from "./grpc-channel.ts";
import { GRPC_STATUS, type GrpcStatus } from "./grpc-status.ts";
import type { HeaderPair } from "./http2/hpack.ts";
import type { Security } from "./security.ts";
import type { TokenFile } from "./token-file.ts";
import { type ExportOutcome, refused, retryLater, type Transport, takenOutcome } from "./transport.ts";

const METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
/** OTLP 1.x, "Failures" of OTLP/gRPC. `RESOURCE_EXHAUSTED` is decided by its RetryInfo. */
const RETRYABLE: ReadonlySet<number> = new Set([
  GRPC_STATUS.CANCELLED,
  GRPC_STATUS.DEADLINE_EXCEEDED,
  GRPC_STATUS.ABORTED,
  GRPC_STATUS.OUT_OF_RANGE,
  GRPC_STATUS.UNAVAILABLE,
  GRPC_STATUS.DATA_LOSS,
]);

export interface GrpcTransportOptions {
  readonly destination: Destination;
  readonly token: TokenFile | null;
  readonly security: Security;
}

/** OTLP/gRPC with the request's bytes as they are. The connection is made when it is first needed. */
export class GrpcTransport implements Transport {
  readonly #options: GrpcTransportOptions;
  #channel: GrpcChannel | null = null;
  #closed = false;

  constructor(options: GrpcTransportOptions) {
    this.#options = options;
  }

  async export(parts: readonly Uint8Array[]): Promise<ExportOutcome> {
    const { destination, security } = this.#options;
    try {
      const metadata = await this.#metadata();
      const tls = await security.tls();
      if (this.#closed) return retryLater("the exporter was closed");
      this.#channel ??= new GrpcChannel(destination, tls);
      const { status, message } = await this.#channel.call(METHOD, metadata, parts);
      if (status.code === GRPC_STATUS.OK) return takenOutcome(message);
      const outcome = failedOutcome(status);
      if (outcome.kind === "retry" && (await security.changed())) this.#forgetChannel();
      return outcome;
    } catch (error) {
      if (!(error instanceof AisError)) this.#forgetChannel();
      return retryLater(errorText(error));
    }
  }

  close(): void {
    this.#closed = true;
    this.#forgetChannel();
  }

  async #metadata(): Promise<HeaderPair[]> {
    const { destination, token } = this.#options;
    const metadata = Object.entries(destination.headers).map(
      ([name, value]): HeaderPair => [name.toLowerCase(), value],
    );
    if (token !== null) metadata.push([destination.tokenHeader, await token.token()]);
    return metadata;
  }

  #forgetChannel(): void {
    this.#channel?.close();
    this.#channel = null;
  }
}

function failedOutcome({ code, text, details }: GrpcStatus): ExportOutcome {
  const delayMs = details === null ? null : retryDelayMs(details);
  if (code === GRPC_STATUS.RESOURCE_EXHAUSTED)
    return delayMs === null ? refused(text) : retryLater(text, delayMs);
  return RETRYABLE.has(code) ? retryLater(text, delayMs) : refused(text);
}
