/** Parts of time, `[from, to]` in microseconds, sorted and apart from each other. */
export type Parts = readonly (readonly [from: number, to: number])[];

/** More parts than these are taken for one, so that no trace is too large to be added up. */
const MAX_PARTS = 32;

/** The union of parts in any order. */
export function union(parts: Parts): Parts {
  const joined: [number, number][] = [];
  for (const [from, to] of parts.toSorted((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (last === undefined || from > last[1]) joined.push([from, to]);
    else last[1] = Math.max(last[1], to);
  }
  return joined;
}

export function lengthWithin(parts: Parts, fromUs: number, toUs: number): number {
  return parts.reduce((sum, [from, to]) => sum + Math.max(0, Math.min(to, toUs) - Math.max(from, fromUs)), 0);
}

/** What is not between the two. */
export function outside(parts: Parts, fromUs: number, toUs: number): Parts {
  const left = parts.flatMap(([from, to]): Parts => {
    const before: Parts = from < fromUs ? [[from, Math.min(to, fromUs)]] : [];
    const after: Parts = to > toUs ? [[Math.max(from, toUs), to]] : [];
    return [...before, ...after];
  });
  const [first, last] = [left[0], left.at(-1)];
  return left.length > MAX_PARTS && first !== undefined && last !== undefined ? [[first[0], last[1]]] : left;
}
