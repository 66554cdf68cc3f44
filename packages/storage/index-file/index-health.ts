/** Whether an index can be trusted, found out before LMDB maps it. */
import { IndexFile } from "./index-file.ts";
import { PageError, type Tree } from "./page-format.ts";
import { walkTree } from "./tree-walk.ts";

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
    for (const tree of [file.meta.main, ...file.trees().values()]) {
      const problem = treeProblem(file, tree, wantsLeaf);
      if (problem !== null) return { problem, isComplete: true };
    }
    return { problem: null, isComplete: leafCount <= pageLimitCount };
  } catch (error) {
    if (!(error instanceof PageError)) throw error;
    return { problem: error.message, isComplete: true };
  }
}

function treeProblem(file: IndexFile, tree: Tree, wantsLeaf: () => boolean): string | null {
  for (const step of walkTree(file, tree, { wantsLeaf })) if (step.kind === "damage") return step.why;
  return null;
}
