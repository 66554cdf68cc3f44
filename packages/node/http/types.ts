/** The one seam to an HTTP server (design.md 2). `bun-serve.ts` serves targets, `node-http.ts` proxies. */
import type { LimitName } from "@ais/base/limits.ts";
import type { Logger } from "@ais/base/log.ts";
import type { PaceLimits } from "./body-pace.ts";

export interface HttpRequest {
  readonly method: string;
  /** Still percent-encoded, without the query. */
  readonly rawPath: string;
  /** Without `?`; empty when there is none. */
  readonly rawQuery: string;
  /** `null` when absent. `name` in lower case. */
  header(name: string): string | null;
  /** Every value of a header that may come in several lines. Bun joins lines: they are parted again before `name=`. */
  headerLines(name: string): readonly string[];
  readonly remoteAddress: string;
  /** Content-Length, or null when the body is chunked or absent. Invalid lengths never get here. */
  readonly contentLengthBytes: number | null;
  /** Whole body; throws `tooLarge` over `limitBytes`, `badRequest` when the client sent less than it announced. */
  bytes(limitBytes: number): Promise<Uint8Array>;
  /** Body with back-pressure; errors when the client goes away before its end. */
  stream(): ReadableStream<Uint8Array>;
  /** Aborts when the client goes away before the reply is out. */
  readonly signal: AbortSignal;
}

export type ReplyBody =
  | null
  | string
  | Uint8Array
  | {
      readonly kind: "file";
      readonly path: string;
      readonly offsetBytes: number;
      readonly lengthBytes: number;
      /** Of a file that was just looked at and is long enough: spares another look. */
      readonly identity?: { readonly dev: number; readonly ino: number };
    }
  /** Sent chunk by chunk as they come, without a length, until it ends or the client goes; then it is cancelled. */
  | { readonly kind: "stream"; readonly stream: ReadableStream<Uint8Array> };

/** `too_slow`: the connection was closed because the client did not take the reply. */
export type ReplyOutcome = "sent" | "client_closed" | "io_error" | "too_slow";

export interface HttpReply {
  readonly status: number;
  /** Names as they go on the wire; repeated names make several lines where the driver can. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: ReplyBody;
  /** Content-Length to announce when there is no body to measure (HEAD). */
  readonly announcedLengthBytes?: number;
  /** Called once, when the last byte is with the kernel or the client is gone. */
  readonly onDone?: (outcome: ReplyOutcome) => void;
}

export type HttpHandler = (request: HttpRequest) => HttpReply | Promise<HttpReply>;

export interface HttpServerOptions {
  readonly hostname: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly handler: HttpHandler;
  readonly idleTimeoutMs: number;
  /** Told of failures that no handler saw. */
  readonly logger?: Logger;
  readonly pace?: PaceLimits;
  /** In which the head of a request must be there; the default is `DEFAULT_HEAD_TIME_MS`. */
  readonly headTimeMs?: number;
  /** Open connections; beyond them idle ones are closed, and requests are answered 503. */
  readonly connectionCount?: number;
  /** Told of every limit that was met where no handler sees it. */
  readonly onLimit?: (limit: LimitName) => void;
}

/** As AIStore's `read_header_timeout` (wire-compat 1.4). */
export const DEFAULT_HEAD_TIME_MS = 16_000;
/** Connections at a time, unless the process may not open so many files. */
export const DEFAULT_CONNECTION_COUNT = 8192;

export interface HttpServer {
  readonly port: number;
  /** As seen at the last look, a second ago or less; 0 where the system does not tell. */
  readonly connections: number;
  /** Stops accepting, lets requests finish for at most `deadlineMs`, then closes every connection. */
  stop(deadlineMs: number): Promise<void>;
}

export type StartHttpServer = (options: HttpServerOptions) => Promise<HttpServer>;
