/** One page out of many targets, of which each is asked for little more than its share. */
import { must } from "@ais/base/assert.ts";
import { AisError } from "@ais/base/errors.ts";
import { compareUtf8, type MergedPage, type MergeEntry, mergePages, type TargetPage } from "./merge.ts";

/** Part of a page, as a target is asked for it. */
export interface PagePortion {
  /** Exclusive. */
  readonly after: string;
  readonly limit: number;
}

/** Asks the same of all these targets at once; the answers are in their order. */
export type AskTargets<T, E extends MergeEntry> = (
  targets: readonly T[],
  portion: PagePortion,
) => Promise<readonly TargetPage<E>[]>;

export interface PageWanted {
  /** Exclusive. */
  readonly after: string;
  readonly limit: number;
  /** False where targets hold the same names, such as directories: then a share of the names is no share of the page. */
  readonly isSpread: boolean;
}

/** A share is exceeded about once in 10^9 pages by so many standard deviations. */
const DEVIATIONS = 6;

/**
 * The first `limit` names over all targets. Placement spreads names evenly, so asking every target for a whole page
 * would read, send and check as many pages as there are targets and use one. A target that has more of the page than its
 * share is asked again, for twice as much: uneven clusters cost a round or two more and get the same page.
 */
export async function gatherPage<T, E extends MergeEntry>(
  targets: readonly T[],
  { after, limit, isSpread }: PageWanted,
  ask: AskTargets<T, E>,
): Promise<MergedPage<E>> {
  const found = targets.map((target): Found<T, E> => ({ target, entries: [], more: true }));
  let share = isSpread ? shareOf(limit, targets.length) : limit;
  add(found, await ask(targets, { after, limit: share }));
  for (;;) {
    const merged = mergePages(found, after, limit);
    if (merged.entries.length === limit || !merged.more) return merged;
    share = Math.min(limit, share * 2);
    const wanting = found.filter((part) => isExhausted(part, merged.entries.at(-1)));
    const pages = wanting.map(({ target, entries }) =>
      ask([target], { after: entries.at(-1)?.name ?? after, limit: share }),
    );
    add(wanting, (await Promise.all(pages)).flat());
  }
}

/** What one target has answered so far. */
interface Found<T, E extends MergeEntry> {
  readonly target: T;
  entries: readonly E[];
  more: boolean;
}

function shareOf(limit: number, targetCount: number): number {
  const mean = limit / targetCount;
  return Math.min(limit, Math.ceil(mean + DEVIATIONS * Math.sqrt(mean)));
}

/** The page ended because nothing is known of what this target has next. */
function isExhausted<T, E extends MergeEntry>({ entries, more }: Found<T, E>, last: E | undefined): boolean {
  const known = entries.at(-1);
  return more && (known === undefined || last === undefined || compareUtf8(known.name, last.name) <= 0);
}

function add<T, E extends MergeEntry>(parts: readonly Found<T, E>[], pages: readonly TargetPage<E>[]): void {
  for (const [index, part] of parts.entries()) {
    const { entries, more } = must(pages[index], "every target asked has answered");
    // It would be asked for ever, and a page without its names would look whole.
    if (more && entries.length === 0) throw new AisError("internal", "a target has more names and gave none");
    part.entries = part.entries.length === 0 ? entries : [...part.entries, ...entries];
    part.more = more;
  }
}
