import type { ErrorCode } from "@ais/base/errors.ts";
import type { LogFields, LogLevel } from "@ais/base/log.ts";
import type { StoreLimits } from "./evict.ts";
import type { InsertResult } from "./writer.ts";

/** What passes between the main thread and the worker that writes. */
export interface WriterData {
  readonly dataDir: string;
  readonly limits: StoreLimits;
}

export type OtlpEncoding = "protobuf" | "json";
/** `file`: JSON that somebody saved, Jaeger's or OTLP's. */
export type Encoding = OtlpEncoding | "file";

export type ToWriter =
  | { readonly type: "spans"; readonly id: number; readonly encoding: Encoding; readonly bytes: Uint8Array }
  | { readonly type: "stop" };

export type FromWriter =
  | { readonly type: "ready" }
  | { readonly type: "failed"; readonly code: ErrorCode; readonly message: string }
  | {
      readonly type: "stored";
      readonly id: number;
      readonly result: InsertResult;
      /** What a file held, up to `MAX_FILE_TRACE_IDS`; empty for other requests. */
      readonly traceIds: readonly string[];
    }
  | { readonly type: "refused"; readonly id: number; readonly code: ErrorCode; readonly message: string }
  | { readonly type: "evicted"; readonly spans: number }
  | { readonly type: "log"; readonly level: LogLevel; readonly message: string; readonly fields: LogFields }
  | { readonly type: "stopped" };
