import { type DamageKind, LEFT_OVER_KINDS, type MountpathReport } from "@ais/wire/storage-report.ts";
import type { KeyParts } from "./file-end.ts";
import type { BucketNames } from "./object-text.ts";

/** Damages kept with their texts; more are counted. Bounds the memory of a check of a mountpath in ruins. */
export const DAMAGE_LIMIT_COUNT = 1000;

interface FoundDamage {
  readonly kind: DamageKind;
  readonly object: KeyParts | null;
  readonly path: string;
  readonly detail: string;
}

/** The report of one mountpath while it is being made. */
export class ReportBuilder {
  readonly mountpath: string;
  objects = 0;
  expectedObjects: number | null = null;
  inlineObjects = 0;
  objectFiles = 0;
  objectBytes = 0;
  verifiedObjects = 0;
  verifiedBytes = 0;
  unverifiableObjects = 0;
  lostRecords: number | null = 0;
  aside: readonly string[] = [];
  finished = false;
  readonly #counts = new Map<DamageKind, number>();
  readonly #damages: FoundDamage[] = [];
  readonly #names: BucketNames;
  readonly #limitCount: number;
  #omitted = 0;

  constructor(mountpath: string, names: BucketNames, limitCount = DAMAGE_LIMIT_COUNT) {
    this.mountpath = mountpath;
    this.#names = names;
    this.#limitCount = limitCount;
  }

  /** Without left-overs. */
  get damageCount(): number {
    let total = 0;
    for (const [kind, count] of this.#counts) if (!LEFT_OVER_KINDS.includes(kind)) total += count;
    return total;
  }

  /** `object` is null for a file that belongs to none. */
  damage(kind: DamageKind, object: KeyParts | null, path: string, detail: string): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    if (this.#damages.length < this.#limitCount) this.#damages.push({ kind, object, path, detail });
    else this.#omitted += 1;
  }

  report(): MountpathReport {
    return {
      mountpath: this.mountpath,
      objects: this.objects,
      expected_objects: this.expectedObjects,
      inline_objects: this.inlineObjects,
      object_files: this.objectFiles,
      object_bytes: this.objectBytes,
      verified_objects: this.verifiedObjects,
      verified_bytes: this.verifiedBytes,
      unverifiable_objects: this.unverifiableObjects,
      lost_records: this.lostRecords,
      counts: Object.fromEntries(this.#counts),
      // Only now: names of buckets may have been learnt after the damage was found.
      damages: this.#damages.map((damage) => ({
        ...damage,
        object: damage.object === null ? "" : this.#names.objectText(damage.object),
      })),
      damages_omitted: this.#omitted,
      aside: this.aside,
      finished: this.finished,
    };
  }
}
