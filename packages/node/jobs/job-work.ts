/** The one interface of background jobs (style.md 9): do a unit, else say what you wait for. */
import type { JobAhead, JobRecord, JobStats } from "@ais/cluster/jobs/job-record.ts";
import type { Span } from "@ais/tracing/types.ts";

/** What came of a unit. */
export type UnitOutcome =
  /** There is more to do. */
  | { readonly kind: "worked" }
  /** Nothing can be done before about `delayMs` have passed; `reason` is for people. */
  | { readonly kind: "waiting"; readonly reason: string; readonly delayMs: number }
  | { readonly kind: "done" };

export interface JobWork {
  /** Does a bounded piece of work: milliseconds rather than seconds. What it throws ends the job. */
  unit(signal: AbortSignal): Promise<UnitOutcome>;
  /** From where a later process goes on; everything before it is done for good. Empty: from the start. */
  cursor(): string;
  /** Figures up to the cursor, where a later process counts again what comes after it. Without them the newest are kept. */
  settled?(): JobStats | undefined;
  /** Asked once, at the end: something may have been left out, so that all targets are to go over their objects once more. */
  mustRepeat?(): boolean;
  /** What the share found out, once done. */
  result?(): unknown;
}

export interface JobContext {
  readonly record: JobRecord;
  /** Of an earlier process that did not come to the end. */
  readonly cursor: string;
  /** What the earlier process was about to do at its cursor. */
  readonly ahead: JobAhead;
  /** Writes down what is about to be done after the cursor, before it is: see `ahead` of a share. */
  readonly announce: (ahead: JobAhead) => Promise<void>;
  /** When the first process began to work on the share, by this node's clock. */
  readonly shareStartedNs: bigint;
  /** To be counted up as objects are done. */
  readonly stats: JobStats;
  /** Says how many objects are worked on at a time. */
  readonly workers: (count: number) => void;
  /** Ends the span of the phase before, and begins another unless it is the same. Returns the phase's span. */
  readonly phase: (name: JobPhase) => Span;
  /** Notes a failure that does not end the job. */
  readonly failed: (error: unknown) => void;
}

/** Parts of a share, each with a span of its own. */
export type JobPhase =
  | "copy"
  | "prune"
  | "delete"
  | "drain"
  | "summarize"
  | "clean"
  | "evict"
  | "promote"
  | "prepare"
  | "move";

/** The kinds that a node works on. */
export type JobWorks = Readonly<Record<string, (context: JobContext) => JobWork>>;
