/**
 * The layout of an LMDB data file as `lmdb` 3.5 writes it on 64-bit little-endian machines (data version 2, with a third
 * meta page in the second half of page 0 for the state that was flushed last). Read from its source, `mdb.c`. Everything
 * is checked before it is used: the reason to read the file ourselves is that it may be torn.
 */

export const PAGE_HEADER_BYTES = 24;
export const META_BYTES = 144;
/** Page number that says that a tree is empty. */
const NO_PAGE = 2n ** 64n - 1n;
const META_MAGIC = 0xbeefc0de;
const META_VERSION = 2;
const NODE_HEADER_BYTES = 8;
const DATABASE_BYTES = 48;
const OVERFLOW_REFERENCE_BYTES = 24;
/** What comes before it in a meta page never changes, and the copy of version 1 in page 0 lacks it. */
const CHANGING_META_OFFSET = 16;
const META_FLAGS_OFFSET = 28;
/** Of the first tree's flags in a meta page: written before the flush. */
const FLAG_NOT_FLUSHED = 0x1000;

export const PAGE_FLAGS = { branch: 0x01, leaf: 0x02, overflow: 0x04, meta: 0x08 } as const;
const NODE_FLAGS = { bigData: 0x01, subDatabase: 0x02 } as const;

/** One B-tree. */
export interface Tree {
  readonly depth: number;
  readonly entries: number;
  /** Null when the tree is empty. */
  readonly rootPage: number | null;
}

export interface Meta {
  readonly pageBytes: number;
  readonly free: Tree;
  readonly main: Tree;
  readonly lastPage: number;
  readonly transaction: bigint;
  readonly bootId: bigint;
  /** False in the meta pages that version 1 of the format wrote before a flush. */
  readonly isFlushed: boolean;
  /** What this was read from. */
  readonly bytes: Buffer;
}

export type LeafValue =
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  /** The value stands on pages of its own. */
  | { readonly kind: "pages"; readonly firstPage: number; readonly sizeBytes: number }
  | { readonly kind: "tree"; readonly tree: Tree };

export interface LeafNode {
  readonly key: Buffer;
  readonly value: LeafValue;
}

export interface BranchNode {
  /** Lowest key below the child; empty in the first node of a page. */
  readonly key: Buffer;
  readonly childPage: number;
}

export type ParsedPage =
  | { readonly kind: "branch"; readonly nodes: readonly BranchNode[] }
  | { readonly kind: "leaf"; readonly nodes: readonly LeafNode[] };

/** What is wrong with a page; a text for people. */
export class PageError extends Error {
  override readonly name = "PageError";
}

/** Null when these are not the bytes of a meta page. Only two of the three carry the magic number. */
export function parseMeta(bytes: Buffer, hasMagic: boolean): Meta | null {
  if (bytes.byteLength < META_BYTES) return null;
  if (hasMagic && (bytes.readUInt32LE(0) !== META_MAGIC || bytes.readUInt16LE(4) !== META_VERSION))
    return null;
  const pageBytes = bytes.readUInt32LE(24);
  const lastPage = Number(bytes.readBigUInt64LE(120));
  const transaction = bytes.readBigUInt64LE(128);
  const isPowerOfTwo = (pageBytes & (pageBytes - 1)) === 0;
  if (pageBytes < 512 || pageBytes > 65_536 || !isPowerOfTwo || lastPage < 1 || lastPage > 2 ** 47)
    return null;
  const free = parseTree(bytes.subarray(24, 72));
  const main = parseTree(bytes.subarray(72, 120));
  if (free === null || main === null) return null;
  for (const { rootPage } of [free, main]) if (rootPage !== null && rootPage > lastPage) return null;
  const isFlushed = (bytes.readUInt16LE(META_FLAGS_OFFSET) & FLAG_NOT_FLUSHED) === 0;
  const bootId = bytes.readBigInt64LE(136);
  return { pageBytes, free, main, lastPage, transaction, bootId, isFlushed, bytes };
}

/** What makes `meta` the state of the data file when it is written to both meta pages, at this offset in each. */
export function metaChange({ bytes }: Meta): { readonly bytes: Buffer; readonly offset: number } {
  const change = Buffer.from(bytes);
  change.writeUInt16LE(change.readUInt16LE(META_FLAGS_OFFSET) & ~FLAG_NOT_FLUSHED, META_FLAGS_OFFSET);
  return { bytes: change.subarray(CHANGING_META_OFFSET), offset: PAGE_HEADER_BYTES + CHANGING_META_OFFSET };
}

function parseTree(bytes: Buffer): Tree | null {
  const depth = bytes.readUInt16LE(6);
  const root = bytes.readBigUInt64LE(40);
  const entries = Number(bytes.readBigUInt64LE(32));
  if (root === NO_PAGE) return depth === 0 ? { depth, entries: 0, rootPage: null } : null;
  if (root < 2n || root > 2n ** 47n || depth < 1 || depth > 32) return null;
  return { depth, entries, rootPage: Number(root) };
}

/** The order of a tree's keys. The one of free pages has integers for keys. */
export type KeyOrder = (left: Buffer, right: Buffer) => number;

export const BYTE_ORDER: KeyOrder = Buffer.compare;
export const INTEGER_ORDER: KeyOrder = (left, right) =>
  left.byteLength !== 8 || right.byteLength !== 8
    ? 0
    : Number(left.readBigUInt64LE(0) - right.readBigUInt64LE(0));

/** Throws `PageError` unless the page is a whole branch or leaf page with this number. */
export function parsePage(
  bytes: Buffer,
  pageNumber: number,
  lastPage: number,
  order: KeyOrder = BYTE_ORDER,
): ParsedPage {
  if (bytes.readBigUInt64LE(0) !== BigInt(pageNumber)) {
    throw new PageError(`page ${pageNumber} says that it is page ${bytes.readBigUInt64LE(0)}`);
  }
  const flags = bytes.readUInt16LE(18);
  if (flags !== PAGE_FLAGS.branch && flags !== PAGE_FLAGS.leaf) {
    throw new PageError(`page ${pageNumber} has flags ${flags}, expected those of a branch or a leaf`);
  }
  const offsets = nodeOffsets(bytes, pageNumber);
  if (flags === PAGE_FLAGS.leaf) {
    const nodes = offsets.map((offset) => parseLeafNode(bytes, offset, pageNumber, lastPage));
    checkOrder(nodes, pageNumber, 0, order);
    return { kind: "leaf", nodes };
  }
  if (offsets.length < 2)
    throw new PageError(`page ${pageNumber} is a branch with ${offsets.length} children`);
  const nodes = offsets.map((offset) => parseBranchNode(bytes, offset, pageNumber, lastPage));
  checkOrder(nodes, pageNumber, 1, order);
  return { kind: "branch", nodes };
}

/** Where the nodes of a page start. They lie between `upper` and the end of the page, in any order. */
function nodeOffsets(bytes: Buffer, pageNumber: number): readonly number[] {
  // Both count from the end of the page's header.
  const lower = bytes.readUInt16LE(20);
  const upper = bytes.readUInt16LE(22);
  const roomBytes = bytes.byteLength - PAGE_HEADER_BYTES;
  if (lower % 2 !== 0 || lower > upper || upper > roomBytes) {
    throw new PageError(`page ${pageNumber} has impossible bounds ${lower} and ${upper}`);
  }
  return Array.from({ length: lower / 2 }, (_, place) => {
    const offset = bytes.readUInt16LE(PAGE_HEADER_BYTES + place * 2);
    if (offset < upper || offset + NODE_HEADER_BYTES > roomBytes) {
      throw new PageError(`page ${pageNumber} has a node outside of it`);
    }
    return PAGE_HEADER_BYTES + offset;
  });
}

function keyOf(bytes: Buffer, offset: number, pageNumber: number): Buffer {
  const start = offset + NODE_HEADER_BYTES;
  const end = start + bytes.readUInt16LE(offset + 6);
  if (end > bytes.byteLength) throw new PageError(`page ${pageNumber} has a key that goes beyond its end`);
  return bytes.subarray(start, end);
}

function parseLeafNode(bytes: Buffer, offset: number, pageNumber: number, lastPage: number): LeafNode {
  const key = keyOf(bytes, offset, pageNumber);
  if (key.byteLength === 0) throw new PageError(`page ${pageNumber} has an empty key`);
  const sizeBytes = bytes.readUInt32LE(offset);
  const flags = bytes.readUInt16LE(offset + 4);
  const start = offset + NODE_HEADER_BYTES + key.byteLength;
  const storedBytes =
    flags === NODE_FLAGS.bigData
      ? OVERFLOW_REFERENCE_BYTES
      : flags === NODE_FLAGS.subDatabase
        ? DATABASE_BYTES
        : sizeBytes;
  const isKnown = flags === 0 || flags === NODE_FLAGS.bigData || flags === NODE_FLAGS.subDatabase;
  if (!isKnown || start + storedBytes > bytes.byteLength) {
    throw new PageError(`page ${pageNumber} has a value that goes beyond its end`);
  }
  const stored = bytes.subarray(start, start + storedBytes);
  if (flags === 0) return { key, value: { kind: "bytes", bytes: stored } };
  if (flags === NODE_FLAGS.subDatabase) {
    const tree = parseTree(stored);
    if (tree === null) throw new PageError(`page ${pageNumber} describes an impossible tree`);
    return { key, value: { kind: "tree", tree } };
  }
  const firstPage = pageReference(stored.readBigUInt64LE(0), pageNumber, lastPage);
  return { key, value: { kind: "pages", firstPage, sizeBytes } };
}

function parseBranchNode(bytes: Buffer, offset: number, pageNumber: number, lastPage: number): BranchNode {
  const key = keyOf(bytes, offset, pageNumber);
  const low = BigInt(bytes.readUInt32LE(offset));
  const high = BigInt(bytes.readUInt16LE(offset + 4));
  return { key, childPage: pageReference(low | (high << 32n), pageNumber, lastPage) };
}

function pageReference(page: bigint, pageNumber: number, lastPage: number): number {
  if (page < 2n || page > BigInt(lastPage)) {
    throw new PageError(`page ${pageNumber} refers to page ${page}, the last one is ${lastPage}`);
  }
  return Number(page);
}

/** Keys must grow; the first key of a branch stands for everything below the second. */
function checkOrder(
  nodes: readonly { readonly key: Buffer }[],
  pageNumber: number,
  from: number,
  order: KeyOrder,
): void {
  for (let place = from + 1; place < nodes.length; place++) {
    const before = nodes[place - 1];
    const node = nodes[place];
    if (before !== undefined && node !== undefined && order(before.key, node.key) >= 0) {
      throw new PageError(`page ${pageNumber} has keys out of order`);
    }
  }
}
