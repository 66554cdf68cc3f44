/** Whether an index can be trusted, found out before LMDB maps it. */
import { truncateSync } from "node:fs";
import { IndexFile } from "./index-file.ts";
import { BYTE_ORDER, INTEGER_ORDER, PageError, type Tree } from "./page-format.ts";
import { type WalkOptions, walkTree } from "./tree-walk.ts";

export interface IndexHealth {
  /** What is wrong, for people; null when nothing was found. */
  readonly problem: string | null;
  /** False when the limit ended the look before its end. */
  readonly isComplete: boolean;
}

/**
 * Walks the trees and reads at most `pageLimitCount` leaves: branch pages, of which there is one for about a hundred
 * leaves, are all read, so that every start of a large index takes seconds and not minutes.
 */
export function inspectIndexFile(path: string, pageLimitCount: number): IndexHealth {
  let leafCount = 0;
  const wantsLeaf = (): boolean => leafCount++ < pageLimitCount;
  try {
    using file = IndexFile.open(path);
    if (!file.isNewestState)
      return { problem: "one of the index's meta pages cannot be read", isComplete: true };
    const trees = [file.meta.main, ...file.trees().values()].map((tree) => ({ tree, order: BYTE_ORDER }));
    for (const { tree, order } of [{ tree: file.meta.free, order: INTEGER_ORDER }, ...trees]) {
      const problem = treeProblem(file, tree, { order, wantsLeaf });
      if (problem !== null) return { problem, isComplete: true };
    }
    return { problem: null, isComplete: leafCount <= pageLimitCount };
  } catch (error) {
    if (!(error instanceof PageError)) throw error;
    return { problem: error.message, isComplete: true };
  }
}

function treeProblem(file: IndexFile, tree: Tree, options: WalkOptions): string | null {
  for (const step of walkTree(file, tree, options)) {
    if (step.kind === "damage") return step.why;
    if (step.kind === "entry" && !file.contains(step.value)) {
      return "the file ends before a value that the index refers to";
    }
  }
  return null;
}

/**
 * The last pages of an index may never have been written, because they are free. LMDB maps them all the same, and a touch
 * of a page beyond the end of the file ends the process: so the file gets its full length, without taking space.
 */
export function extendToLastPage(path: string): void {
  using file = IndexFile.open(path);
  const wholeBytes = (file.meta.lastPage + 1) * file.meta.pageBytes;
  if (file.sizeBytes < wholeBytes) truncateSync(path, wholeBytes);
}
