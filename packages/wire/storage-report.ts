/** What checks of stored data report: `ais storage check`, `scrub` and `rebuild`, offline and through the API. */
import { AisError } from "@ais/base/errors.ts";
import * as v from "valibot";
import { decodeJson } from "./json.ts";

/** What checks find. An object may show more than one kind. */
export const DAMAGE_KINDS = {
  "missing-file": "the object's file is missing",
  "wrong-size": "the object's file is too short or too long",
  "checksum-mismatch": "the object's content is not what was stored",
  "trailer-mismatch": "the end of the object's file does not say what the index says",
  "bad-record": "a record of the index cannot be read, or contradicts another one",
  "damaged-index": "a part of the index cannot be read",
  "orphan-file": "a file that no record names",
  "temporary-file": "left over from a write that did not finish",
  "retired-file": "replaced or deleted, and not removed yet",
  "read-error": "the file system failed to read",
} as const;

export type DamageKind = keyof typeof DAMAGE_KINDS;

export interface Damage {
  readonly kind: DamageKind;
  /** `ais://bucket/object`; `bucket id N/object` where the name of the bucket is not known; empty for a file without object. */
  readonly object: string;
  /** The file or page concerned; empty for an object inside of the index. */
  readonly path: string;
  readonly detail: string;
}

/** Of one mountpath. Counts are exact; `damages` is cut at a limit. */
export interface MountpathReport {
  readonly mountpath: string;
  readonly objects: number;
  /** Objects that the index says it has: what progress is measured by. Null when it cannot be read. */
  readonly expected_objects: number | null;
  readonly inline_objects: number;
  readonly object_files: number;
  /** Sizes of the objects looked at. */
  readonly object_bytes: number;
  /** Contents read and compared with their checksums. */
  readonly verified_objects: number;
  readonly verified_bytes: number;
  /** Objects without a checksum, of which nothing can be said. */
  readonly unverifiable_objects: number;
  /** Records that a damaged part of the index held. Null when their number is not known. */
  readonly lost_records: number | null;
  readonly counts: Readonly<Partial<Record<DamageKind, number>>>;
  readonly damages: readonly Damage[];
  readonly damages_omitted: number;
  /** Directories in which rebuilds have kept what they replaced. */
  readonly aside: readonly string[];
  readonly finished: boolean;
}

export const STORAGE_JOBS = ["check", "scrub"] as const;
export type StorageJobKind = (typeof STORAGE_JOBS)[number];

export type StorageJobState = "never" | "running" | "finished" | "stopped" | "failed";

/** One job of one target: the running one, else the last. */
export interface StorageJobStatus {
  readonly kind: StorageJobKind;
  readonly id: string;
  readonly state: StorageJobState;
  /** Why it failed. */
  readonly error: string;
  readonly verify: boolean;
  /** 0 without a limit. */
  readonly bytes_per_second: number;
  /** Milliseconds since the epoch; 0 when it has not come to that. */
  readonly started_ms: number;
  readonly ended_ms: number;
  readonly mountpaths: readonly MountpathReport[];
}

/** Body of the call that starts a job. */
export interface StorageJobRequest {
  readonly verify: boolean;
  readonly bytes_per_second: number;
}

const RequestSchema = v.object({
  verify: v.optional(v.boolean(), false),
  bytes_per_second: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), 0),
});

/** Missing members are false and 0, and so is everything in an empty text. Throws `badRequest`. */
export function parseStorageJobRequest(text: string): StorageJobRequest {
  const result = v.safeParse(RequestSchema, text.trim() === "" ? {} : decodeJson(text));
  if (result.success) return result.output;
  throw new AisError("badRequest", `invalid request of a storage job: ${result.issues[0].message}`);
}

/** What a rebuild did to one mountpath. */
export interface RebuildReport {
  readonly mountpath: string;
  /** Records taken over from the old index. */
  readonly salvaged_records: number;
  readonly salvaged_inline_objects: number;
  /** Salvaged objects inside of the index whose content is wrong; reads of them fail. */
  readonly damaged_inline_objects: number;
  /** Objects found through their files alone. */
  readonly restored_files: number;
  /**
   * Records of the old index that could not be recovered; null when the old index does not even tell how many it had.
   * Objects inside of the index exist nowhere else, so these are lost.
   */
  readonly lost_records: number | null;
  /**
   * False when the newest state of the old index cannot be read: objects inside of the index are then as they were before
   * its last transactions.
   */
  readonly newest_state: boolean;
  /** Files put aside and not restored: replaced or deleted ones, ones of unfinished writes, ones whose end is unreadable. */
  readonly retired_files: number;
  readonly superseded_files: number;
  readonly unreadable_files: number;
  /** Where the old index and those files are now. */
  readonly aside: string;
}

/** No damage: what a killed daemon leaves behind, and the next start removes. */
export const LEFT_OVER_KINDS: readonly DamageKind[] = ["temporary-file", "retired-file"];

/** Without left-overs. */
export function damageCount({ counts }: MountpathReport): number {
  const kinds = Object.keys(counts) as DamageKind[];
  return kinds.reduce((sum, kind) => sum + (LEFT_OVER_KINDS.includes(kind) ? 0 : (counts[kind] ?? 0)), 0);
}
