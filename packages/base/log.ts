/** Structured log. A line is a message plus fields; serving code passes its span so that the line names the trace. */
export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFields = Readonly<Record<string, string | number | boolean | bigint | null | undefined>>;

/** What a log line needs of a span (`@ais/tracing/types.ts` spans satisfy it). */
export interface LogSpan {
  readonly recording: boolean;
  readonly context: { readonly traceId: string; readonly spanId: string };
}

export interface Logger {
  log(level: LogLevel, message: string, fields?: LogFields, span?: LogSpan): void;
}

export const silentLogger: Logger = { log() {} };
