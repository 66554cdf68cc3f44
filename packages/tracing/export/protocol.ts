/** Messages between the serving thread and the export worker. */
import type { LogFields, LogLevel } from "@ais/base/log.ts";
import type { DropReason, ExportTest } from "../types.ts";
import type { Destination } from "./destination.ts";

/** The worker's start data. */
export interface WorkerSetup {
  readonly destination: Destination;
  /** Encoded `InstrumentationScope`. */
  readonly scope: Uint8Array;
  /** Spans that could not be delivered for so long are given up. */
  readonly exportTimeoutMs: number;
}

export interface BatchMessage {
  readonly type: "batch";
  readonly id: number;
  readonly spans: number;
  /** Encoded `Resource`. */
  readonly resource: Uint8Array;
  /** Items of `ScopeSpans.spans`. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Try now what waits for its next try: the time for it is limited. */
export interface HurryMessage {
  readonly type: "hurry";
}

/** Send nothing more, and give back what is not settled. */
export interface GiveBackMessage {
  readonly type: "giveBack";
}

/** Send this one span now, past the queue, and report what came of it. */
export interface TestMessage {
  readonly type: "test";
  readonly id: number;
  readonly resource: Uint8Array;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Answer at once: whoever asks wants to know whether the worker lives. */
export interface PingMessage {
  readonly type: "ping";
}

export type ToWorker = BatchMessage | HurryMessage | GiveBackMessage | TestMessage | PingMessage;

export interface TestedReport {
  readonly type: "tested";
  readonly id: number;
  readonly ok: boolean;
  readonly token: ExportTest["token"];
  readonly latencyMs: number;
  readonly status: string;
}

/** One export call came back. */
export interface AttemptReport {
  readonly type: "attempt";
  readonly durationMs: number;
  /** Empty when the collector took the batch, if only in part. */
  readonly error: string;
}

/** The fate of one batch. */
export interface SettledReport {
  readonly type: "settled";
  readonly id: number;
  /** Spans of the batch that did not arrive, and why. */
  readonly dropped: number;
  readonly reason: DropReason;
  /** What the collector said; empty for nothing. */
  readonly message: string;
  /** That of the batch's bytes, which goes back to where it came from. */
  readonly buffer: ArrayBuffer;
}

/** The answer to `GiveBackMessage`: nothing is reported of these batches any more. */
export interface GivenBackReport {
  readonly type: "givenBack";
  readonly batches: readonly BatchMessage[];
}

export interface ChosenReport {
  readonly type: "chosen";
  /** `endpointText` with the security that was found. */
  readonly endpoint: string;
}

/** The worker has begun: what is sent before that is lost with one that does not come so far. */
export interface ReadyReport {
  readonly type: "ready";
}

export interface PongReport {
  readonly type: "pong";
}

export interface LogReport {
  readonly type: "log";
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

export type FromWorker =
  | AttemptReport
  | SettledReport
  | GivenBackReport
  | ChosenReport
  | LogReport
  | PongReport
  | ReadyReport
  | TestedReport;
