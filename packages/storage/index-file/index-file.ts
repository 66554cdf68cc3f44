/**
 * Read-only access to the data file of an index that no daemon has open, without LMDB: LMDB trusts its pages, and a torn
 * one can end the process. Here every page is checked, and what cannot be read is told instead of thrown.
 */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { type FlushPoint, readFlushPoint } from "./flush-point.ts";
import {
  BYTE_ORDER,
  type KeyOrder,
  type LeafNode,
  type LeafValue,
  META_BYTES,
  type Meta,
  PAGE_HEADER_BYTES,
  PageError,
  type ParsedPage,
  parseMeta,
  parsePage,
  type Tree,
} from "./page-format.ts";

const BOOT_ID_FILE = "/proc/sys/kernel/random/boot_id";
const FIRST_PAGE_BYTES_MIN = 4096;
/** Branch pages kept for lookups; more than the levels above the leaves of most indexes. */
const CACHED_PAGE_COUNT = 2048;
/** An object's record: its header, checksum, metadata and inline body. A damaged length must not exhaust memory. */
const VALUE_LIMIT_BYTES = 4 * 1024 * 1024;

export interface IndexFileOptions {
  /** Of the running system; a different one in the file means that the machine was started again since. */
  readonly bootId?: bigint;
}

export class IndexFile implements Disposable {
  readonly path: string;
  readonly sizeBytes: number;
  readonly meta: Meta;
  /** False when a meta page is unreadable: the state read may then be older than the newest one. */
  readonly isNewestState: boolean;
  readonly #descriptor: number;
  readonly #cache = new Map<number, ParsedPage>();

  private constructor(path: string, descriptor: number, sizeBytes: number, meta: Meta, isNewest: boolean) {
    this.path = path;
    this.#descriptor = descriptor;
    this.sizeBytes = sizeBytes;
    this.meta = meta;
    this.isNewestState = isNewest;
  }

  /** Throws `PageError` when no meta page can be read, and what the system throws when the file cannot be. */
  static open(path: string, { bootId = currentBootId() }: IndexFileOptions = {}): IndexFile {
    const descriptor = openSync(path, "r");
    try {
      const { size } = fstatSync(descriptor);
      const { meta, isNewest } = chooseMeta(readMetas(descriptor), readFlushPoint(path), bootId);
      return new IndexFile(path, descriptor, size, meta, isNewest);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  /** The trees by name. Throws `PageError` when the list of them cannot be read. */
  trees(): ReadonlyMap<string, Tree> {
    const { rootPage } = this.meta.main;
    if (rootPage === null) return new Map();
    const page = this.readPage(rootPage);
    if (page.kind !== "leaf") throw new PageError(`page ${rootPage} is not the list of the index's trees`);
    return new Map(
      page.nodes.flatMap(({ key, value }) =>
        value.kind === "tree" ? [[treeName(key), value.tree] as const] : [],
      ),
    );
  }

  /** Throws `PageError`. */
  readPage(pageNumber: number, order: KeyOrder = BYTE_ORDER): ParsedPage {
    const known = this.#cache.get(pageNumber);
    if (known !== undefined) return known;
    const page = parsePage(this.#readPages(pageNumber, 1), pageNumber, this.meta.lastPage, order);
    if (page.kind === "branch") {
      const [oldest] = this.#cache.keys();
      if (this.#cache.size >= CACHED_PAGE_COUNT && oldest !== undefined) this.#cache.delete(oldest);
      this.#cache.set(pageNumber, page);
    }
    return page;
  }

  /** The bytes of a value, wherever they stand. Throws `PageError`. */
  readValue(value: LeafValue): Buffer {
    if (value.kind === "bytes") return value.bytes;
    if (value.kind === "tree") throw new PageError("a tree stands where a value was expected");
    const { firstPage, sizeBytes } = value;
    const pageCount = overflowPageCount(value, this.meta.pageBytes);
    if (sizeBytes > VALUE_LIMIT_BYTES || firstPage + pageCount - 1 > this.meta.lastPage) {
      throw new PageError(`a value of ${sizeBytes} bytes at page ${firstPage} goes beyond the last page`);
    }
    const bytes = this.#readPages(firstPage, pageCount);
    if (bytes.readBigUInt64LE(0) !== BigInt(firstPage)) {
      throw new PageError(`page ${firstPage} does not hold the value that it should`);
    }
    return bytes.subarray(PAGE_HEADER_BYTES, PAGE_HEADER_BYTES + sizeBytes);
  }

  /** False when the file is too short to hold the value. */
  contains(value: LeafValue): boolean {
    if (value.kind !== "pages") return true;
    const { pageBytes } = this.meta;
    return (value.firstPage + overflowPageCount(value, pageBytes)) * pageBytes <= this.sizeBytes;
  }

  /** Looks a key up; `unknown` when a page on the way, or the value, cannot be read. */
  find(tree: Tree, key: Buffer): Buffer | "absent" | "unknown" {
    try {
      const node = this.#findNode(tree, key);
      return node === null ? "absent" : this.readValue(node.value);
    } catch (error) {
      if (error instanceof PageError) return "unknown";
      throw error;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }

  #findNode(tree: Tree, key: Buffer): LeafNode | null {
    let pageNumber = tree.rootPage;
    for (let level = tree.depth; level > 0 && pageNumber !== null; level--) {
      const page = this.readPage(pageNumber);
      if (page.kind === "leaf") return page.nodes.find((node) => node.key.equals(key)) ?? null;
      let child = page.nodes[0]?.childPage ?? null;
      for (const node of page.nodes.slice(1)) {
        if (Buffer.compare(node.key, key) > 0) break;
        child = node.childPage;
      }
      pageNumber = child;
    }
    if (pageNumber === null) return null;
    throw new PageError("a tree is deeper than it says");
  }

  #readPages(firstPage: number, count: number): Buffer {
    const { pageBytes } = this.meta;
    const bytes = Buffer.alloc(count * pageBytes);
    const read = readFully(this.#descriptor, bytes, firstPage * pageBytes);
    if (read < bytes.byteLength) throw new PageError(`page ${firstPage} is beyond the end of the file`);
    return bytes;
  }
}

/** Pages that a value of its own takes. */
export function overflowPageCount(value: { readonly sizeBytes: number }, pageBytes: number): number {
  return Math.floor((PAGE_HEADER_BYTES - 1 + value.sizeBytes) / pageBytes) + 1;
}

/** Of the running system, as LMDB reads it; 0 where there is none. */
export function currentBootId(): bigint {
  try {
    const digits = /^[0-9a-f]+/.exec(readFileSync(BOOT_ID_FILE, "latin1"))?.[0] ?? "0";
    return BigInt(`0x${digits}`);
  } catch {
    return 0n;
  }
}

interface Metas {
  /** Written in turn by transactions. */
  readonly alternating: readonly [Meta | null, Meta | null];
  readonly flushed: Meta | null;
}

function readMetas(descriptor: number): Metas {
  const first = readMeta(descriptor, 0, true);
  const pageBytes = first?.pageBytes ?? FIRST_PAGE_BYTES_MIN;
  return {
    alternating: [first, readMeta(descriptor, pageBytes, true)],
    flushed: readMeta(descriptor, pageBytes / 2, false),
  };
}

function readMeta(descriptor: number, pageOffset: number, hasMagic: boolean): Meta | null {
  const bytes = Buffer.alloc(META_BYTES);
  const read = readFully(descriptor, bytes, pageOffset + PAGE_HEADER_BYTES);
  return read < META_BYTES ? null : parseMeta(bytes, hasMagic);
}

/**
 * The state that counts at an opening: the newest one when the page cache has seen everything since it was written, else
 * the newest that was flushed. That is what the flush point says, or the third meta page where there are no points.
 */
function chooseMeta(metas: Metas, point: FlushPoint | null, bootId: bigint) {
  const { alternating, flushed } = metas;
  const [even, odd] = alternating;
  const isWhole = even !== null && odd !== null;
  const latest = newest(alternating);
  // A point from after the data file would belong to another one: this file was put in its place.
  if (point !== null && latest !== null && latest.transaction >= point.meta.transaction) {
    const isCached = bootId !== 0n && BigInt.asUintN(64, bootId) === point.bootId;
    return isCached ? { meta: latest, isNewest: isWhole } : { meta: point.meta, isNewest: true };
  }
  if (latest !== null && isWhole) {
    const isCached = bootId !== 0n && latest.bootId === bootId;
    const hasTurns = even.transaction !== odd.transaction;
    if (isCached || latest.isFlushed || !hasTurns) return { meta: latest, isNewest: true };
    const older = latest === even ? odd : even;
    return { meta: newest([older.isFlushed ? older : null, flushed]) ?? older, isNewest: true };
  }
  const meta = newest([latest, flushed]);
  if (meta === null) throw new PageError("none of its meta pages can be read");
  return { meta, isNewest: false };
}

/** Of a data file that is in use. Throws `PageError` when neither meta page can be read. */
export function newestMeta(descriptor: number): Meta {
  const meta = newest(readMetas(descriptor).alternating);
  if (meta === null) throw new PageError("none of its meta pages can be read");
  return meta;
}

function newest(metas: readonly (Meta | null)[]): Meta | null {
  let found: Meta | null = null;
  for (const meta of metas) {
    if (meta !== null && (found === null || meta.transaction > found.transaction)) found = meta;
  }
  return found;
}

function treeName(key: Buffer): string {
  return key.toString().replace(/\0+$/, "");
}

function readFully(descriptor: number, bytes: Buffer, position: number): number {
  let offset = 0;
  while (offset < bytes.byteLength) {
    const read = readSync(descriptor, bytes, offset, bytes.byteLength - offset, position + offset);
    if (read === 0) break;
    offset += read;
  }
  return offset;
}
