/**
 * A disk that forgets what was not synced when the power goes.
 *
 * What is simulated: an object file has the bytes that it had at its fdatasync, under the names that its directory had at
 * the fsync of the directory; the files of the index have the bytes that they had when their last ended sync began.
 * Everything written since then is there or not by chance: of the index every sector of 512 bytes on its own, of files the
 * whole, a part, or zeros; names and removals as well. The machine counts as started again, because the index treats its
 * state after that differently.
 *
 * An index that several processes have open has no files beside it, and LMDB flushes it, which no fault of ours sees: its
 * bytes are looked at when LMDB says that it has done so, and of its meta pages those sectors that it syncs last are the
 * only ones that may be missing. That LMDB does write them is asked of the kernel, where it tells (`tellsUnwritten`): a
 * page of the data file that is still to be written fails the operation then. Whether LMDB also had the disk empty its own
 * cache, and where the kernel does not tell whether it flushed at all, this disk does not see.
 *
 * What is not: sectors torn in themselves, disks that lie about a flush, damage of what was synced before, and of object
 * files the moments between the start of a sync and its end, which count as synced (nothing is acknowledged there). Real
 * file systems keep more than this disk does.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import type { FileOperation } from "@ais/base/durable-write.ts";
import type { StorageFaults } from "@ais/storage/faults.ts";
import { INDEX_LOCK_FILES } from "@ais/storage/on-disk-format.ts";
import type { SeededRandom } from "@ais/testkit/random.ts";
import { unwrittenPages } from "./page-cache.fixture.ts";

const SECTOR_BYTES = 512;
const DATA_FILE = "data.mdb";
const LOCK_FILES = new Set<string>(Object.values(INDEX_LOCK_FILES));
/** Of a meta page: header, then the offset in it (packages/storage/index-file/page-format.ts). */
const BOOT_ID_OFFSET = 24 + 136;
const TRANSACTION_OFFSET = 24 + 128;
/** Of the meta pages that transactions write in turn. */
const META_OFFSETS = [0, 4096] as const;
/** In a sector of `flushed-0` (packages/storage/index-file/flush-point.ts). */
const POINT = { checksumOffset: 12, bootIdOffset: 16, endOffset: 24 + 144 } as const;

/** As a target of one process has it open, or one that has workers. */
export type IndexKind = "own" | "shared";

export class ForgetfulDisk implements StorageFaults {
  readonly files = {
    before: (operation: FileOperation, path: string): void => this.#note(operation, path),
  };
  /** Content at the sync, by temporary path. */
  readonly #synced = new Map<string, Buffer>();
  /** Names that no sync of their directory has covered yet, with what their file had at its sync. */
  readonly #named = new Map<string, Buffer | null>();
  readonly #durableFiles = new Map<string, Buffer>();
  /** Of the files of the index, by path: at the start of a sync under way, and of the last one that ended. */
  readonly #syncing = new Map<string, Buffer>();
  readonly #durableIndex = new Map<string, Buffer>();

  /** How the index is open now. */
  index: IndexKind = "own";

  beforeCommit(): void {}

  /** No other transaction runs meanwhile when the index is shared, so there is nothing that a flush need not have written. */
  afterFlush(mountpath: string): void {
    if (this.index !== "shared") return;
    const path = join(mountpath, "index", DATA_FILE);
    const unwritten = unwrittenPages(path);
    if (unwritten !== null && unwritten > 0)
      throw new Error(`${unwritten} pages of ${path} were not flushed`);
    this.#durableIndex.set(path, readFileSync(path));
  }

  beforeSync(path: string): void {
    this.#syncing.set(path, readFileSync(path));
  }

  afterSync(path: string): void {
    const bytes = this.#syncing.get(path);
    if (bytes !== undefined) this.#durableIndex.set(path, bytes);
  }

  /** Makes `target` what the mountpath is after power loss now and a new start of the machine. Takes one turn. */
  cutPower(mountpath: string, target: string, random: SeededRandom): void {
    mkdirSync(join(target, "index"), { recursive: true });
    cpSync(join(mountpath, "mountpath.json"), join(target, "mountpath.json"));
    for (const name of readdirSync(join(mountpath, "index"))) {
      if (LOCK_FILES.has(name)) continue;
      const path = join(mountpath, "index", name);
      const durable = this.#durableIndex.get(path);
      if (durable === undefined) throw new Error(`${name} was never flushed`);
      const isShared = this.index === "shared" && name === DATA_FILE;
      const bytes = (isShared ? survivingShared : surviving)(durable, readFileSync(path), random);
      changeBootId(name, bytes);
      writeFileSync(join(target, "index", name), bytes);
    }
    const present = new Set<string>();
    for (const directory of readdirSync(join(mountpath, "objects"))) {
      mkdirSync(join(target, "objects", directory), { recursive: true });
      for (const name of readdirSync(join(mountpath, "objects", directory))) {
        present.add(join(mountpath, "objects", directory, name));
      }
    }
    for (const path of new Set([...present, ...this.#durableFiles.keys()])) {
      const content = this.#fileAfter(path, present.has(path), random);
      if (content !== null) writeFileSync(join(target, path.slice(mountpath.length)), content);
    }
  }

  /** Null when the name is not there. */
  #fileAfter(path: string, isPresent: boolean, random: SeededRandom): Buffer | null {
    const durable = this.#durableFiles.get(path);
    if (durable !== undefined) {
      // A removal, or the mark of one, may have reached the disk or not.
      if (!isPresent) return random.pick([durable, null]);
      return random.pick([durable, existsSync(path) ? readFileSync(path) : durable]);
    }
    const now = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    const part = now.subarray(0, random.integer(0, now.byteLength));
    return random.pick<Buffer | null>([null, now, part, Buffer.alloc(now.byteLength)]);
  }

  #note(operation: FileOperation, path: string): void {
    if (!path.includes("/objects/")) return;
    if (operation === "sync") this.#synced.set(path, readFileSync(path));
    if (operation === "rename") this.#named.set(path, this.#takeSynced(path));
    if (operation === "sync-directory") this.#syncDirectory(path);
    // Its name may still be on the disk, but nobody counts on it any more.
    if (operation === "remove") this.#named.delete(path);
  }

  #takeSynced(target: string): Buffer | null {
    for (const [path, content] of this.#synced) {
      if (dirname(path) !== dirname(target) || !basename(path).startsWith(`${basename(target)}.`)) continue;
      this.#synced.delete(path);
      return content;
    }
    return null;
  }

  #syncDirectory(directory: string): void {
    for (const [path, content] of this.#named) {
      if (dirname(path) !== directory) continue;
      this.#named.delete(path);
      // The name is durable then, and the content is only what was synced of it.
      this.#durableFiles.set(path, content ?? Buffer.alloc(0));
    }
  }
}

/** The machine is another one to what the file says. */
function changeBootId(name: string, bytes: Buffer): void {
  if (name !== DATA_FILE) {
    changeBootIdOfPoints(bytes);
    return;
  }
  for (const offset of META_OFFSETS)
    bytes[offset + BOOT_ID_OFFSET] = (bytes[offset + BOOT_ID_OFFSET] ?? 0) ^ 0x55;
}

function changeBootIdOfPoints(points: Buffer): void {
  for (let at = 0; at + SECTOR_BYTES <= points.byteLength; at += SECTOR_BYTES) {
    const point = points.subarray(at, at + POINT.endOffset);
    point[POINT.bootIdOffset] = (point[POINT.bootIdOffset] ?? 0) ^ 0x55;
    point.writeUInt32LE(crc32(point.subarray(POINT.bootIdOffset)), POINT.checksumOffset);
  }
}

/** Every sector as it was flushed or as it is now. */
function surviving(flushed: Buffer, now: Buffer, random: SeededRandom): Buffer {
  const length = random.pick([flushed.byteLength, Math.max(flushed.byteLength, now.byteLength)]);
  const result = Buffer.alloc(length);
  // Sometimes nearly everything reached the disk, sometimes nearly nothing.
  const share = random.next();
  for (let at = 0; at < length; at += SECTOR_BYTES) {
    const source = random.next() < share ? now : flushed;
    // Beyond its end it has zeros.
    if (at < source.byteLength) source.copy(result, at, at, at + SECTOR_BYTES);
  }
  return result;
}

function survivingShared(flushed: Buffer, now: Buffer, random: SeededRandom): Buffer {
  const transaction = (bytes: Buffer): bigint =>
    META_OFFSETS.map((offset) => bytes.readBigUInt64LE(offset + TRANSACTION_OFFSET)).reduce((newest, one) =>
      one > newest ? one : newest,
    );
  if (transaction(now) <= transaction(flushed)) return surviving(flushed, now, random);
  // A flush has ended that nobody was told of yet. Only the sectors that say so may be missing.
  const result = Buffer.from(now);
  const source = random.pick([now, flushed]);
  for (const offset of META_OFFSETS) source.copy(result, offset, offset, offset + SECTOR_BYTES);
  return result;
}
