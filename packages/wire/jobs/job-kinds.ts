/** The closed list of job kinds (wire-compat 6.3): clients know exactly these. */
import { AisError } from "@ais/base/errors.ts";

interface KindEntry {
  /** What people call it; empty when that is the kind itself. */
  readonly displayName: string;
  /** By `PUT /v1/cluster`, action `start`. */
  readonly startable?: true;
  /** Its work may be done while it still runs: clients wait for `is_idle` instead of the end. */
  readonly idles?: true;
  /** Cannot start while a rebalance runs. */
  readonly conflictsWithRebalance?: true;
  /** Ends when a rebalance is started. */
  readonly abortedByRebalance?: true;
  /** Goes over its objects once more after a rebalance that it met. Ours alone: AIStore's leaves out what changed places. */
  readonly repeatedAfterRebalance?: true;
}

export const JOB_KINDS = {
  rebalance: { displayName: "", startable: true },
  resilver: { displayName: "", startable: true },
  election: { displayName: "elect-primary" },
  lru: { displayName: "lru-eviction", startable: true },
  "cleanup-store": { displayName: "cleanup", startable: true, conflictsWithRebalance: true },
  "summary-bck": { displayName: "summary" },
  "summary-shard": { displayName: "shard-summary" },
  rechunk: { displayName: "", startable: true, conflictsWithRebalance: true, abortedByRebalance: true },
  "index-shard": { displayName: "shard-index", conflictsWithRebalance: true },
  "ec-get": { displayName: "", idles: true },
  "ec-put": { displayName: "", idles: true },
  "ec-resp": { displayName: "", idles: true },
  "put-copies": { displayName: "", idles: true },
  archive: { displayName: "", idles: true },
  "copy-listrange": {
    displayName: "copy-objects",
    idles: true,
    conflictsWithRebalance: true,
    abortedByRebalance: true,
  },
  "etl-listrange": {
    displayName: "etl-objects",
    idles: true,
    conflictsWithRebalance: true,
    abortedByRebalance: true,
  },
  "blob-download": { displayName: "", startable: true },
  download: { displayName: "", startable: true, idles: true },
  dsort: { displayName: "dsort", conflictsWithRebalance: true, abortedByRebalance: true },
  promote: { displayName: "promote-files" },
  "evict-listrange": { displayName: "evict-objects" },
  "evict-remote-bck": { displayName: "evict-remote-bucket" },
  "delete-listrange": { displayName: "delete-objects", repeatedAfterRebalance: true },
  "prefetch-listrange": { displayName: "prefetch-objects", startable: true },
  "ec-encode": {
    displayName: "ec-bucket",
    startable: true,
    conflictsWithRebalance: true,
    abortedByRebalance: true,
  },
  "make-n-copies": { displayName: "mirror", startable: true },
  "move-bck": { displayName: "rename-bucket", conflictsWithRebalance: true, abortedByRebalance: true },
  "copy-bck": { displayName: "copy-bucket", conflictsWithRebalance: true, abortedByRebalance: true },
  "etl-bck": { displayName: "etl-bucket", conflictsWithRebalance: true, abortedByRebalance: true },
  "etl-inline": { displayName: "" },
  list: { displayName: "", idles: true },
  "get-batch": { displayName: "", idles: true, conflictsWithRebalance: true, abortedByRebalance: true },
  "create-inventory": { displayName: "", conflictsWithRebalance: true, abortedByRebalance: true },
  "load-lom-cache": { displayName: "warm-up-metadata", startable: true },
} as const satisfies Record<string, KindEntry>;

export type JobKind = keyof typeof JOB_KINDS;

const KIND_BY_NAME: ReadonlyMap<string, JobKind> = new Map(
  (Object.entries(JOB_KINDS) as [JobKind, KindEntry][]).flatMap(
    ([kind, { displayName }]): [string, JobKind][] => [
      [kind, kind],
      ...(displayName === "" ? [] : ([[displayName, kind]] as [string, JobKind][])),
    ],
  ),
);

/** The kind of a kind or display name, in any case; null for other texts. */
export function findJobKind(name: string): JobKind | null {
  return KIND_BY_NAME.get(name.toLowerCase()) ?? null;
}

/** Throws `badRequest` unless the text is a kind or a display name. */
export function parseJobKind(name: string): JobKind {
  const kind = findJobKind(name);
  if (kind === null) throw new AisError("badRequest", `invalid job kind "${name}"`);
  return kind;
}

export function jobEntry(kind: JobKind): KindEntry {
  return JOB_KINDS[kind];
}
