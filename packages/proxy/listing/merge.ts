/** Merges the pages of all targets into one page of a listing. Pure. */

/** What the merge needs of an entry. */
export interface MergeEntry {
  readonly name: string;
  /** Bits 0-4 are the status; 0 is the object in its right place (wire-compat 4.5). */
  readonly flags?: number;
}

export interface TargetPage<E extends MergeEntry> {
  /** In order of the UTF-8 bytes of the name. */
  readonly entries: readonly E[];
  /** True when the target may have more after the last entry. */
  readonly more: boolean;
}

export interface MergedPage<E extends MergeEntry> {
  readonly entries: readonly E[];
  readonly more: boolean;
}

const STATUS_MASK = 0x1f;

/**
 * The first `limit` names over all pages, in order of their UTF-8 bytes, each once: virtual directories come from every
 * target, and an object may be on two targets while it moves; the one in its right place is kept then. The page ends
 * early where a target's page ends that has more: what that target holds beyond is not known.
 */
export function mergePages<E extends MergeEntry>(
  pages: readonly TargetPage<E>[],
  after: string,
  limit: number,
): MergedPage<E> {
  const cursors = pages.map(() => 0);
  const entries: E[] = [];
  for (;;) {
    let least: E | undefined;
    let leastPage = -1;
    let blocked = false;
    for (let i = 0; i < pages.length; i++) {
      const page = pages[i];
      const entry = page?.entries[cursors[i] ?? 0];
      if (entry === undefined) {
        blocked ||= page?.more ?? false;
        continue;
      }
      if (least === undefined || compareUtf8(entry.name, least.name) < 0) {
        least = entry;
        leastPage = i;
      }
    }
    // An exhausted target with more of its own may hold names before `least`.
    if (blocked) return { entries, more: true };
    if (least === undefined) return { entries, more: false };
    const last = entries.at(-1);
    if (last !== undefined && last.name === least.name) {
      if (status(last) !== 0 && status(least) === 0) entries[entries.length - 1] = least;
    } else if (after === "" || compareUtf8(least.name, after) > 0) {
      if (entries.length === limit) return { entries, more: true };
      entries.push(least);
    }
    cursors[leastPage] = (cursors[leastPage] ?? 0) + 1;
  }
}

function status(entry: MergeEntry): number {
  return (entry.flags ?? 0) & STATUS_MASK;
}

const SURROGATES_START = 0xd800;
const AFTER_SURROGATES = 0xe000;

/**
 * Order of the UTF-8 bytes of two well-formed texts. It differs from the order of UTF-16 units only where one has a
 * surrogate (a character beyond U+FFFF) and the other a unit above the surrogates.
 */
export function compareUtf8(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const a = left.charCodeAt(i);
    const b = right.charCodeAt(i);
    if (a === b) continue;
    if (a < SURROGATES_START || b < SURROGATES_START) return a - b;
    return codePointRank(a) - codePointRank(b);
  }
  return left.length - right.length;
}

function codePointRank(unit: number): number {
  return unit < AFTER_SURROGATES ? unit + 0x10000 : unit;
}
