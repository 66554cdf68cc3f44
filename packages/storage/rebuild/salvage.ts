/** Everything that can still be read of an old index, and what it does not know. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { BUCKET_ID_BYTES } from "../index/key.ts";
import { decodeRecord, type IndexRecord } from "../index/record.ts";
import { IndexFile } from "../index-file/index-file.ts";
import { lostEntries, PageSet } from "../index-file/lost-pages.ts";
import { type LeafValue, PageError, type Tree } from "../index-file/page-format.ts";
import { isInRange, type KeyRange, walkTree } from "../index-file/tree-walk.ts";
import { DATABASES, INDEX_DATA_FILE, INDEX_DIRECTORY, RUN_KEY } from "../on-disk-format.ts";

export interface SalvagedEntry {
  readonly key: Buffer;
  readonly bytes: Buffer;
  readonly record: IndexRecord;
}

const EVERYTHING: KeyRange = { low: null, high: null };
const FILE_KEY_BYTES = 8;

/** What one tree does not know any more: keys of these ranges may have been in it. */
interface Gaps {
  ranges: KeyRange[];
  seen: number;
  /** Null when the tree itself is not known. */
  readonly expected: number | null;
}

export class Salvage implements Disposable {
  /** Highest run that the old index tells of; 0 when it does not. */
  run = 0;
  readonly #file: IndexFile | null;
  readonly #trees: ReadonlyMap<string, Tree> | null;
  readonly #objects: Gaps;
  readonly #files: Gaps;
  readonly #reached: PageSet;
  /** From leaves that the tree of files has lost. */
  readonly #lostOwners = new Map<string, Buffer>();

  constructor(mountpath: string) {
    const path = join(mountpath, INDEX_DIRECTORY, INDEX_DATA_FILE);
    this.#file = existsSync(path) ? unlessTorn(() => IndexFile.open(path)) : null;
    const file = this.#file;
    this.#trees = file === null ? null : unlessTorn(() => file.trees());
    this.#reached = new PageSet(file?.meta.lastPage ?? 1);
    this.#objects = this.#gaps(DATABASES.objects);
    this.#files = this.#gaps(DATABASES.files);
  }

  /** Records that the old index had; null when it does not tell. */
  get expectedRecords(): number | null {
    return this.#objects.expected;
  }

  get isNewestState(): boolean {
    return this.#file?.isNewestState ?? false;
  }

  /** Every record that can be read, once. Only after its end the other questions have their answers. */
  *entries(): Generator<SalvagedEntry> {
    const file = this.#file;
    if (file === null) return;
    this.#walkRest(file);
    yield* this.#walkObjects(file);
    yield* this.#lostEntries(file);
    for (const gaps of [this.#objects, this.#files]) if (gaps.seen === gaps.expected) gaps.ranges = [];
  }

  /**
   * What the old index says about a file that no salvaged record names. `live`: it has the object. `dead`: it has not.
   * `unknown`: neither of the two places that would tell can be read, or the newest state of the index cannot.
   */
  verdict(fileId: bigint, objectKey: Buffer): "live" | "dead" | "unknown" {
    if (this.#file === null || !this.#file.isNewestState) return "unknown";
    const fileKey = Buffer.alloc(FILE_KEY_BYTES);
    fileKey.writeBigUInt64BE(fileId);
    const owner = this.#ownerOf(this.#file, fileKey);
    if (owner === "absent") return "dead";
    if (owner !== "unknown") return owner.equals(objectKey) ? "live" : "dead";
    return isKnown(objectKey, this.#objects) ? "dead" : "unknown";
  }

  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
  }

  #gaps(name: string): Gaps {
    const expected = this.#trees === null ? null : (this.#trees.get(name)?.entries ?? 0);
    return { ranges: this.#trees === null ? [EVERYTHING] : [], seen: 0, expected };
  }

  /** The trees beside `objects`. */
  #walkRest(file: IndexFile): void {
    for (const step of walkTree(file, file.meta.main)) {
      if (step.kind === "page") this.#reached.add(step.pageNumber);
    }
    for (const name of [DATABASES.files, DATABASES.meta]) {
      const tree = this.#trees?.get(name);
      for (const step of tree === undefined ? [] : walkTree(file, tree)) {
        if (step.kind === "page") this.#reached.add(step.pageNumber);
        if (step.kind === "damage" && name === DATABASES.files) this.#files.ranges.push(step.range);
        if (step.kind === "entry" && name === DATABASES.files) this.#files.seen += 1;
        if (step.kind === "entry") this.#readRun(file, step.key, step.value);
      }
    }
  }

  *#walkObjects(file: IndexFile): Generator<SalvagedEntry> {
    const tree = this.#trees?.get(DATABASES.objects);
    for (const step of tree === undefined ? [] : walkTree(file, tree)) {
      if (step.kind === "page") this.#reached.add(step.pageNumber);
      if (step.kind === "damage") this.#objects.ranges.push(step.range);
      if (step.kind !== "entry") continue;
      this.#reached.addValue(step.value, file.meta.pageBytes);
      yield* this.#entry(file, step.key, step.value);
    }
  }

  #ownerOf(file: IndexFile, fileKey: Buffer): Buffer | "absent" | "unknown" {
    const found = this.#lostOwners.get(fileKey.toString("hex"));
    if (found !== undefined) return found;
    const tree = this.#trees?.get(DATABASES.files);
    const owner = tree === undefined ? "unknown" : file.find(tree, fileKey);
    return owner === "unknown" && isKnown(fileKey, this.#files) ? "absent" : owner;
  }

  *#lostEntries(file: IndexFile): Generator<SalvagedEntry> {
    const ranges = [...this.#objects.ranges, ...this.#files.ranges];
    if (ranges.length === 0) return;
    for (const { key, value } of lostEntries(file, this.#reached, ranges)) {
      if (key.byteLength === FILE_KEY_BYTES) this.#readLostOwner(file, key, value);
      else if (key.byteLength < FILE_KEY_BYTES) this.#readRun(file, key, value);
      else if (!isKnown(key, this.#objects)) yield* this.#entry(file, key, value);
    }
  }

  /** An entry whose record is unreadable counts as a gap of its own. */
  *#entry(file: IndexFile, key: Buffer, value: LeafValue): Generator<SalvagedEntry> {
    try {
      const bytes = file.readValue(value);
      const record = decodeRecord(bytes, bytes.byteLength);
      if (key.byteLength <= BUCKET_ID_BYTES) throw new PageError("a key has no object name");
      this.#objects.seen += 1;
      yield { key, bytes, record };
    } catch {
      this.#objects.ranges.push({ low: key, high: Buffer.concat([key, Buffer.from([0])]) });
    }
  }

  #readLostOwner(file: IndexFile, key: Buffer, value: LeafValue): void {
    const owner = unlessTorn(() => file.readValue(value));
    if (owner === null) return;
    this.#files.seen += 1;
    this.#lostOwners.set(key.toString("hex"), owner);
  }

  #readRun(file: IndexFile, key: Buffer, value: LeafValue): void {
    if (!key.equals(RUN_KEY)) return;
    const bytes = unlessTorn(() => file.readValue(value));
    if (bytes?.byteLength === 4) this.run = Math.max(this.run, bytes.readUInt32LE(0));
  }
}

function isKnown(key: Buffer, { ranges }: Gaps): boolean {
  return !ranges.some((range) => isInRange(key, range));
}

function unlessTorn<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof PageError) return null;
    throw error;
  }
}
