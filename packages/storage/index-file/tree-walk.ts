/** All entries of one tree in key order, and the parts of it that cannot be read. */
import type { IndexFile } from "./index-file.ts";
import { BYTE_ORDER, type KeyOrder, type LeafValue, PageError, type Tree } from "./page-format.ts";

/** Keys from `low` up to but not including `high`; null is no bound. */
export interface KeyRange {
  readonly low: Buffer | null;
  readonly high: Buffer | null;
}

export type WalkStep =
  | { readonly kind: "page"; readonly pageNumber: number; readonly pageKind: "branch" | "leaf" }
  | { readonly kind: "entry"; readonly key: Buffer; readonly value: LeafValue }
  /** Nothing below this page can be read: what it held is unknown. */
  | { readonly kind: "damage"; readonly pageNumber: number; readonly why: string; readonly range: KeyRange };

export interface WalkOptions {
  readonly order?: KeyOrder;
  /** Asked before a leaf is read; false passes it over. */
  readonly wantsLeaf?: () => boolean;
}

export function* walkTree(file: IndexFile, tree: Tree, options: WalkOptions = {}): Generator<WalkStep> {
  if (tree.rootPage === null) return;
  yield* walkPage(file, tree.rootPage, tree.depth, { low: null, high: null }, options, new Set());
}

function* walkPage(
  file: IndexFile,
  pageNumber: number,
  levels: number,
  range: KeyRange,
  options: WalkOptions,
  path: Set<number>,
): Generator<WalkStep> {
  const { order = BYTE_ORDER, wantsLeaf } = options;
  if (levels === 1 && wantsLeaf !== undefined && !wantsLeaf()) return;
  let page: ReturnType<IndexFile["readPage"]>;
  try {
    page = file.readPage(pageNumber, order);
    // A page that is its own ancestor would be walked for ever.
    if (page.kind !== (levels === 1 ? "leaf" : "branch") || path.has(pageNumber)) {
      throw new PageError(`page ${pageNumber} does not belong where it stands in its tree`);
    }
    checkRange(page.nodes, range, pageNumber, order, page.kind === "branch" ? 1 : 0);
  } catch (error) {
    if (!(error instanceof PageError)) throw error;
    yield { kind: "damage", pageNumber, why: error.message, range };
    return;
  }
  yield { kind: "page", pageNumber, pageKind: page.kind };
  if (page.kind === "leaf") {
    for (const { key, value } of page.nodes) yield { kind: "entry", key, value };
    return;
  }
  path.add(pageNumber);
  for (const [place, { key, childPage }] of page.nodes.entries()) {
    const low = place === 0 ? range.low : key;
    const high = page.nodes[place + 1]?.key ?? range.high;
    yield* walkPage(file, childPage, levels - 1, { low, high }, options, path);
  }
  path.delete(pageNumber);
}

/** A whole page of another place, or of an older state, has the wrong keys. */
function checkRange(
  nodes: readonly { readonly key: Buffer }[],
  { low, high }: KeyRange,
  pageNumber: number,
  order: KeyOrder,
  from: number,
): void {
  const first = nodes[from]?.key;
  const last = nodes.at(-1)?.key;
  const isInside =
    (first === undefined || low === null || order(low, first) <= 0) &&
    (last === undefined || high === null || nodes.length <= from || order(last, high) < 0);
  if (!isInside) throw new PageError(`page ${pageNumber} has keys of another place in its tree`);
}

export function isInRange(key: Buffer, { low, high }: KeyRange): boolean {
  return (low === null || Buffer.compare(low, key) <= 0) && (high === null || Buffer.compare(key, high) < 0);
}
