import type { Damage, DamageKind, MountpathReport } from "@ais/wire/storage-report.ts";

/** Damages kept with their texts; more are counted. Bounds the memory of a check of a mountpath in ruins. */
export const DAMAGE_LIMIT_COUNT = 1000;

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
  readonly #damages: Damage[] = [];
  readonly #limitCount: number;
  #omitted = 0;

  constructor(mountpath: string, limitCount = DAMAGE_LIMIT_COUNT) {
    this.mountpath = mountpath;
    this.#limitCount = limitCount;
  }

  damage(kind: DamageKind, object: string, path: string, detail: string): void {
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
      damages: [...this.#damages],
      damages_omitted: this.#omitted,
      aside: this.aside,
      finished: this.finished,
    };
  }
}
