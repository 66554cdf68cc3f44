/** What aistrace's own calls answer, beside Jaeger's. Times and durations in microseconds. */
import type { JaegerProcess, JaegerSpan } from "./jaeger-types.ts";

export interface OwnTraces {
  /** The latest start first, or the longest. */
  readonly traces: readonly OwnSummary[];
  /** Why the list may not be all, and ids that are not stored. */
  readonly warnings: readonly string[];
}

export interface OwnSummary {
  readonly traceID: string;
  readonly rootService: string;
  readonly rootName: string;
  /** What it was about, such as `ais://nnn/README.md`; empty when no span says so. */
  readonly object: string;
  /** The highest HTTP status from 400 on that a server in it answered with; 0 when there is none. */
  readonly failedStatus: number;
  readonly startTime: number;
  readonly duration: number;
  readonly spanCount: number;
  readonly errorCount: number;
  /** Most spans first. */
  readonly services: readonly {
    readonly name: string;
    readonly spanCount: number;
    readonly errorCount: number;
  }[];
}

export interface OwnTrace {
  readonly traceID: string;
  readonly services: readonly string[];
  readonly names: readonly string[];
  /** Which of several programs of a service it was; the empty text for those that do not say. */
  readonly instances: readonly string[];
  /** By start time. */
  readonly spans: readonly OwnSpanOutline[];
  /** HTTP statuses from 400 on that servers answered with, by span id. */
  readonly failedStatuses: Readonly<Record<string, number>>;
  /** By span id: when, in microseconds since the epoch, and the name. At most ten thousand in all. */
  readonly events: Readonly<Record<string, readonly (readonly [timeUs: number, name: string])[]>>;
}

/** A tuple, because there may be tens of thousands. */
export type OwnSpanOutline = readonly [
  spanID: string,
  /** Empty for a root. */
  parentID: string,
  /** Into `services`. */
  service: number,
  /** Into `names`. */
  name: number,
  /** `server`, `client`, …; empty when unspecified. */
  kind: string,
  startTime: number,
  /** With a fraction. */
  duration: number,
  error: boolean,
  /** Into `instances`. */
  instance: number,
];

export interface OwnSpan {
  readonly span: JaegerSpan;
  readonly process: JaegerProcess;
}

/** Who calls whom, as far as the traces of a window tell. */
export interface OwnGraph {
  readonly nodes: readonly OwnGraphNode[];
  /** Without calls within a node. */
  readonly calls: readonly OwnGraphCall[];
  /** Traces that were counted. */
  readonly traces: number;
  /** False: there are more traces than could be counted in time, and the latest were. */
  readonly isComplete: boolean;
}

export interface OwnGraphNode {
  readonly service: string;
  /** Empty when services were asked for, or when the program says nothing of it. */
  readonly instance: string;
  readonly spans: number;
  readonly errors: number;
}

export interface OwnGraphCall {
  /** Into `nodes`. */
  readonly from: number;
  readonly to: number;
  readonly calls: number;
  readonly errors: number;
  /** Of the called spans. */
  readonly averageUs: number;
}

/** What became of a file of traces. */
export interface OwnStored {
  /** Up to a hundred. */
  readonly traceIDs: readonly string[];
  readonly stored: number;
  readonly refused: number;
  /** Of the first that was refused. */
  readonly reason: string;
}

export interface OwnStats {
  readonly version: string;
  /** Where this aistrace takes in spans. */
  readonly otlpPorts: { readonly grpc: number; readonly http: number };
  readonly traces: number;
  readonly spans: number;
  /** On disk. */
  readonly bytes: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  /** Since the start of the process. */
  readonly received: number;
  readonly stored: number;
  readonly refused: number;
  readonly evicted: number;
  readonly requestsRefused: Readonly<Record<"malformed" | "overload" | "unavailable", number>>;
}
