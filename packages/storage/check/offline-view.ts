/** A mountpath that no daemon has open, whatever state its index is in. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { errorText } from "@ais/base/errors.ts";
import { BUCKET_ID_BYTES } from "../index/key.ts";
import { copyBytes, decodeRecord, type IndexRecord } from "../index/record.ts";
import { IndexFile } from "../index-file/index-file.ts";
import { PageError, type Tree } from "../index-file/page-format.ts";
import { walkTree } from "../index-file/tree-walk.ts";
import { DATABASES, INDEX_DATA_FILE, INDEX_DIRECTORY } from "../on-disk-format.ts";
import type { MountpathView, RecordStep } from "./view.ts";

export class OfflineView implements MountpathView, Disposable {
  readonly mountpath: string;
  readonly #indexPath: string;
  readonly #file: IndexFile | null;
  readonly #trees: ReadonlyMap<string, Tree>;
  /** Why nothing of the index can be read. */
  readonly #ruin: string | null = null;

  constructor(mountpath: string) {
    this.mountpath = mountpath;
    this.#indexPath = join(mountpath, INDEX_DIRECTORY, INDEX_DATA_FILE);
    this.#trees = new Map();
    let file: IndexFile | null = null;
    try {
      if (!existsSync(this.#indexPath)) throw new PageError("it is missing");
      file = IndexFile.open(this.#indexPath);
      this.#trees = file.trees();
    } catch (error) {
      if (!(error instanceof PageError)) throw error;
      this.#ruin = error.message;
    }
    this.#file = file;
  }

  get expectedObjects(): number | null {
    return this.#ruin === null ? (this.#trees.get(DATABASES.objects)?.entries ?? 0) : null;
  }

  *records(withBodies: boolean): Generator<RecordStep> {
    const file = this.#file;
    if (file === null || this.#ruin !== null) {
      yield this.#damaged(this.#ruin ?? "");
      return;
    }
    if (!file.isNewestState) yield this.#damaged("one of its meta pages cannot be read");
    for (const name of [DATABASES.files, DATABASES.meta]) yield* this.#damageOf(file, this.#trees.get(name));
    const tree = this.#trees.get(DATABASES.objects);
    if (tree === undefined) return;
    for (const step of walkTree(file, tree)) {
      if (step.kind === "damage") yield this.#damaged(step.why);
      if (step.kind === "entry") yield readRecord(file, step.key, step.value, withBodies);
    }
  }

  ownerOfFile(fileId: bigint): Uint8Array | null | "unknown" {
    if (this.#file === null || this.#ruin !== null) return "unknown";
    const tree = this.#trees.get(DATABASES.files);
    const key = Buffer.alloc(8);
    key.writeBigUInt64BE(fileId);
    const owner = tree === undefined ? "absent" : this.#file.find(tree, key);
    return owner === "absent" ? null : owner;
  }

  hold(): Disposable {
    return { [Symbol.dispose]() {} };
  }

  isBusy(): boolean {
    return false;
  }

  async settled(): Promise<void> {}

  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
  }

  *#damageOf(file: IndexFile, tree: Tree | undefined): Generator<RecordStep> {
    if (tree === undefined) return;
    for (const step of walkTree(file, tree)) if (step.kind === "damage") yield this.#damaged(step.why);
  }

  #damaged(why: string): RecordStep {
    return { kind: "damaged-index", path: this.#indexPath, why };
  }
}

/** One entry of the `objects` tree, as far as it can be read. */
export function readRecord(
  file: IndexFile,
  key: Buffer,
  value: Parameters<IndexFile["readValue"]>[0],
  withBodies: boolean,
): RecordStep {
  try {
    if (key.byteLength <= BUCKET_ID_BYTES) throw new Error("its key has no object name");
    const bytes = file.readValue(value);
    const record: IndexRecord = decodeRecord(bytes, bytes.byteLength);
    const isInline = record.fileId === 0n;
    const body =
      withBodies && isInline
        ? copyBytes(bytes, record.bodyOffset, record.bodyOffset + record.sizeBytes)
        : null;
    return { kind: "record", key, record, body };
  } catch (error) {
    return { kind: "bad-record", key, why: errorText(error) };
  }
}
