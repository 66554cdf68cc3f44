/** Every job that the cluster remembers, as one node sees it. */
import type { Span } from "@ais/tracing/types.ts";
import type { JobRecord, JobShare } from "./job-record.ts";

export interface JobEntry {
  readonly record: JobRecord;
  /** By target id; a target that has not begun has none. */
  readonly shares: ReadonlyMap<string, JobShare>;
}

/** What is done for a request takes the request's span, and has one of its own below. */
export interface JobDirectory {
  /** In order of their start. */
  list(): readonly JobEntry[];
  get(id: string): JobEntry | null;
  /** Characters of the JSON of all jobs, which every node holds. */
  readonly sizeChars: number;
  /** Reads the job from the coordinator now, whatever the watch has delivered so far. */
  refresh(id: string, span?: Span): Promise<JobEntry | null>;
  /** Reads from the coordinator now every job whose id begins so; all of them for an empty text. In no order. */
  reload(prefix: string, span?: Span): Promise<readonly JobEntry[]>;
  /** Throws `conflict` when there is a job of that id. */
  create(record: JobRecord, span?: Span): Promise<void>;
  /** Compare-and-set with retry; `change` returns null to leave the record as it is. Null when there is no such job. */
  update(
    id: string,
    change: (current: JobRecord) => JobRecord | null,
    span?: Span,
  ): Promise<JobRecord | null>;
  putShare(id: string, share: JobShare): Promise<void>;
  remove(id: string): Promise<void>;
  /** Called after a job changed, with its id. Returns the way to unsubscribe. */
  onChange(listener: (id: string) => void): () => void;
}
