/**
 * Leaf pages whose way from the root is torn. In a readable state every page is either reached from a root or listed as
 * free; a leaf that is neither was below a damaged page, and its entries are as good as any other.
 */
import type { IndexFile } from "./index-file.ts";
import { overflowPageCount } from "./index-file.ts";
import { INTEGER_ORDER, type LeafNode, type LeafValue, PageError } from "./page-format.ts";
import { isInRange, type KeyRange, walkTree } from "./tree-walk.ts";

const WORD_BYTES = 8;

/** One bit for each page of the file. */
export class PageSet {
  readonly #bits: Uint8Array;

  constructor(lastPage: number) {
    this.#bits = new Uint8Array(Math.ceil((lastPage + 1) / 8));
  }

  add(pageNumber: number, count = 1): void {
    for (let page = pageNumber; page < pageNumber + count; page++) {
      this.#bits[page >> 3] = (this.#bits[page >> 3] ?? 0) | (1 << (page & 7));
    }
  }

  /** Pages on which the value stands, when it has its own. */
  addValue(value: LeafValue, pageBytes: number): void {
    if (value.kind === "pages") this.add(value.firstPage, overflowPageCount(value, pageBytes));
  }

  has(pageNumber: number): boolean {
    return ((this.#bits[pageNumber >> 3] ?? 0) & (1 << (pageNumber & 7))) !== 0;
  }
}

/**
 * Entries of lost leaves whose keys lie in `ranges`. `reached` holds every page that the walks of all trees have reached.
 * Nothing when the list of free pages cannot be read either: then a lost page cannot be told from an old one.
 */
export function* lostEntries(
  file: IndexFile,
  reached: PageSet,
  ranges: readonly KeyRange[],
): Generator<LeafNode> {
  if (!addFreePages(file, reached)) return;
  for (let pageNumber = 2; pageNumber <= file.meta.lastPage; pageNumber++) {
    if (reached.has(pageNumber)) continue;
    for (const node of leafNodes(file, pageNumber, ranges)) if (node.value.kind !== "tree") yield node;
  }
}

/** None for a damaged page, one in the middle of a long value, a branch, and a leaf of another place. */
function leafNodes(file: IndexFile, pageNumber: number, ranges: readonly KeyRange[]): readonly LeafNode[] {
  try {
    const page = file.readPage(pageNumber);
    if (page.kind !== "leaf") return [];
    // A range belongs to one tree; all keys of a leaf lie in the range of its damaged ancestor.
    const isWanted = ranges.some((range) => page.nodes.every(({ key }) => isInRange(key, range)));
    return isWanted ? page.nodes : [];
  } catch (error) {
    if (error instanceof PageError) return [];
    throw error;
  }
}

function addFreePages(file: IndexFile, pages: PageSet): boolean {
  for (const step of walkTree(file, file.meta.free, { order: INTEGER_ORDER })) {
    if (step.kind === "damage") return false;
    if (step.kind === "page") pages.add(step.pageNumber);
    if (step.kind !== "entry") continue;
    try {
      pages.addValue(step.value, file.meta.pageBytes);
      addFreeList(file.readValue(step.value), file.meta.lastPage, pages);
    } catch (error) {
      if (error instanceof PageError) return false;
      throw error;
    }
  }
  return true;
}

/** A count, then page numbers; a negative number is the length of the run that starts at the number after it. */
function addFreeList(bytes: Buffer, lastPage: number, pages: PageSet): void {
  const count = Number(bytes.readBigInt64LE(0));
  if (count < 0 || (count + 1) * WORD_BYTES > bytes.byteLength)
    throw new PageError("a list of free pages is too short");
  let runLength = 1;
  for (let place = 1; place <= count; place++) {
    const word = Number(bytes.readBigInt64LE(place * WORD_BYTES));
    if (word < 0) {
      runLength = -word;
      continue;
    }
    if (word + runLength - 1 > lastPage)
      throw new PageError("a list of free pages goes beyond the last page");
    if (word > 0) pages.add(word, runLength);
    runLength = 1;
  }
}
