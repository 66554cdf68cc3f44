/** What jobs look like on the wire (wire-compat 6.1, 6.2). */
import type { Bck } from "../bck.ts";

/** 64-bit counts are decimal strings. */
export interface JobStatsJson {
  readonly "loc-objs": string;
  readonly "loc-bytes": string;
  readonly "out-objs": string;
  readonly "out-bytes": string;
  readonly "in-objs": string;
  readonly "in-bytes": string;
}

/** One target's share of a job. */
export interface JobSnap {
  readonly ext: null;
  readonly "start-time": string;
  /** Go's zero time while it runs. */
  readonly "end-time": string;
  readonly bck: Bck | EmptyBck;
  readonly "src-bck": Bck | EmptyBck;
  readonly "dst-bck": Bck | EmptyBck;
  readonly id: string;
  readonly kind: string;
  readonly ctlmsg?: string;
  readonly "abort-err": string;
  readonly err: string;
  readonly "glob.id": string;
  readonly stats: JobStatsJson;
  readonly aborted: boolean;
  /** True when finished, and when it runs and waits for more to do. */
  readonly is_idle: boolean;
}

export interface JobStatus {
  readonly kind: string;
  readonly uuid: string;
  readonly err: string;
  /** Nanoseconds since the epoch; 0 while it runs. */
  readonly end_time: bigint;
  readonly aborted: boolean;
  readonly is_idle: boolean;
}

/** What AIStore writes as the reason of an abort that was asked for. */
export const USER_ABORT = "user abort";

export interface EmptyBck {
  readonly name: "";
  readonly provider: "";
  readonly namespace: { readonly uuid: ""; readonly name: "" };
}

export const EMPTY_BCK: EmptyBck = { name: "", provider: "", namespace: { uuid: "", name: "" } };
