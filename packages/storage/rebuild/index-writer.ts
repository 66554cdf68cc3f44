/** Fills a new index, first with salvaged records, then with object files that none of them names. */
import { assert } from "@ais/base/assert.ts";
import type { RebuildReport } from "@ais/wire/storage-report.ts";
import type { ContentHashing } from "../checksum.ts";
import { runOfFileId } from "../files/object-path.ts";
import { type FileTrailer, readFileEnd } from "../files/trailer.ts";
import { objectIndexKey } from "../index/key.ts";
import type { ObjectIndex } from "../index/object-index.ts";
import { copyBytes, encodeRecord, type IndexRecord, withDamageMark } from "../index/record.ts";
import type { Salvage, SalvagedEntry } from "./salvage.ts";

/** Records that go into one transaction. */
const RECORDS_PER_COMMIT = 1000;

interface Pending {
  readonly key: Buffer;
  readonly bytes: Buffer;
  readonly fileId: bigint;
}

export class IndexWriter {
  readonly counts = {
    salvaged_records: 0,
    salvaged_inline_objects: 0,
    damaged_inline_objects: 0,
    restored_files: 0,
    retired_files: 0,
    superseded_files: 0,
    unreadable_files: 0,
  } satisfies Partial<Record<keyof RebuildReport, number>>;
  /** Files that are no object. */
  readonly unusedFiles: string[] = [];
  readonly #index: ObjectIndex;
  readonly #hashing: ContentHashing;
  readonly #pathOf: (fileId: bigint) => string;
  #pending: Pending[] = [];
  #highestRun = 0;

  constructor(index: ObjectIndex, hashing: ContentHashing, pathOf: (fileId: bigint) => string) {
    this.#index = index;
    this.#hashing = hashing;
    this.#pathOf = pathOf;
  }

  /** Objects that the new index has. */
  get recoveredRecords(): number {
    return this.counts.salvaged_records + this.counts.restored_files;
  }

  async salvaged({ key, bytes, record }: SalvagedEntry): Promise<void> {
    this.counts.salvaged_records += 1;
    if (record.fileId === 0n) this.counts.salvaged_inline_objects += 1;
    const isRight = record.fileId !== 0n || (await this.#isRight(bytes, record));
    if (!isRight) this.counts.damaged_inline_objects += 1;
    const marked = isRight ? null : withDamageMark(bytes, true);
    this.#pending.push({ key, bytes: marked ?? bytes, fileId: record.fileId });
    if (this.#pending.length >= RECORDS_PER_COMMIT) await this.flush();
  }

  /** One complete object file. Everything salvaged must have been written (`flush`). */
  async file(fileId: bigint, path: string, salvage: Salvage): Promise<void> {
    this.#highestRun = Math.max(this.#highestRun, runOfFileId(fileId));
    if (this.#index.namesFile(fileId)) return;
    const { kind, trailer } = await readFileEnd(path, this.#hashing);
    if (kind === "unreadable") {
      this.counts.unreadable_files += 1;
      this.unusedFiles.push(path);
    } else if (kind === "retired") {
      this.counts.retired_files += 1;
      this.unusedFiles.push(path);
    } else {
      await this.#candidate(fileId, path, trailer, salvage);
    }
  }

  async flush(): Promise<void> {
    const batch = this.#pending;
    this.#pending = [];
    if (batch.length === 0) return;
    await this.#index.commit(() => {
      for (const { key, bytes, fileId } of batch) this.#index.replace(key, bytes, fileId, null);
    }, "os");
  }

  /** No id of a file may be given again, so the next run is higher than all that are known. */
  async finish(oldRun: number): Promise<void> {
    assert(this.#pending.length === 0, "everything is written");
    await this.#index.commit(() => this.#index.setRun(Math.max(oldRun, this.#highestRun)));
  }

  async #candidate(fileId: bigint, path: string, trailer: FileTrailer, salvage: Salvage): Promise<void> {
    const key = objectIndexKey(trailer.bucketId, trailer.objectName);
    const record = { ...trailer.record, fileId };
    const old = this.#index.find(key)?.record ?? null;
    const verdict = salvage.verdict(fileId, key);
    if (verdict === "dead" || (verdict === "unknown" && old !== null && !isNewer(record, old))) {
      this.counts.superseded_files += 1;
      this.unusedFiles.push(path);
      return;
    }
    if (old === null) {
      this.counts.restored_files += 1;
    } else if (old.fileId !== 0n) {
      this.counts.superseded_files += 1;
      this.unusedFiles.push(this.#pathOf(old.fileId));
    }
    await this.#index.commit(() => this.#index.replace(key, encodeRecord(record), fileId, old), "os");
  }

  async #isRight(bytes: Buffer, { checksum, sizeBytes, bodyOffset }: IndexRecord): Promise<boolean> {
    if (checksum === null || checksum.type === "none") return true;
    const body = copyBytes(bytes, bodyOffset, bodyOffset + sizeBytes);
    return (await this.#hashing.digest(checksum.type, body)) === checksum.value;
  }
}

/** Times of one run grow; of two runs of the daemon the higher number is the later one, whatever the clock said. */
function isNewer(
  candidate: { readonly fileId: bigint; readonly createdNs: bigint },
  old: { readonly fileId: bigint; readonly createdNs: bigint },
): boolean {
  const runs = old.fileId === 0n ? 0 : runOfFileId(candidate.fileId) - runOfFileId(old.fileId);
  return runs === 0 ? candidate.createdNs > old.createdNs : runs > 0;
}
