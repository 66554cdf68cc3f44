/**
 * Whether what clients saw can be explained by one register per key that changes at one moment within each write.
 *
 * Every write has a content of its own, so a read names its write. For each value its *zone* is from the earliest end to
 * the latest start of the operations on it (the write and the reads of it). Necessary conditions, each of which a
 * linearizable history has (Gibbons and Korach, "Testing Shared Memories", 1997, for histories with unique writes):
 *   1. a read does not end before its write starts;
 *   2. two forward zones (earliest end before latest start) do not overlap;
 *   3. no backward zone lies within a forward zone.
 * Deletions are writes of which no read can be named, and "not found" is a read of any deletion, or of the beginning. So:
 *   4. a "not found" does not lie within a forward zone, and for one deletion at least, or the beginning, that started
 *      before its end, no write lies wholly between the two.
 * A history that breaks one of them is wrong for certain.
 */

export interface Operation {
  readonly kind: "write" | "delete" | "read";
  /** Of the content; 0 for deletions and for reads that found nothing. */
  readonly value: number;
  readonly startMs: number;
  /** Infinite for a write whose outcome is not known: it may happen at any time, or never. */
  readonly endMs: number;
}

interface Zone {
  readonly value: number;
  readonly writeStartMs: number;
  readonly firstEndMs: number;
  readonly lastStartMs: number;
}

/** What is wrong with the history of one key; null when nothing was found. */
export function explain(operations: readonly Operation[]): string | null {
  const writes = new Map(
    operations.flatMap((operation) =>
      operation.kind === "write" ? [[operation.value, operation] as const] : [],
    ),
  );
  const zones: Zone[] = [];
  for (const write of writes.values()) {
    const reads = operations.filter(({ kind, value }) => kind === "read" && value === write.value);
    const early = reads.find(({ endMs }) => endMs < write.startMs);
    if (early !== undefined)
      return `value ${write.value} was read before it was written: ${show(early)}, ${show(write)}`;
    // A write that may never have happened explains nothing and forbids nothing.
    if (write.endMs === Number.POSITIVE_INFINITY && reads.length === 0) continue;
    zones.push(zoneOf([write, ...reads]));
  }
  const deletions = operations.filter(({ kind }) => kind === "delete");
  for (const deletion of deletions) {
    if (deletion.endMs !== Number.POSITIVE_INFINITY) zones.push(zoneOf([deletion]));
  }
  for (const read of operations) {
    if (read.kind !== "read") continue;
    if (read.value !== 0 && !writes.has(read.value))
      return `a value that nobody wrote was read: ${show(read)}`;
    if (read.value === 0 && !isNothingExplained(read, deletions, zones))
      return `not found, after a write: ${show(read)}`;
  }
  return zoneConflict(zones);
}

/** Of a write, which comes first, and the reads of it. */
function zoneOf(operations: readonly Operation[]): Zone {
  return {
    value: operations[0]?.value ?? 0,
    writeStartMs: operations[0]?.startMs ?? 0,
    firstEndMs: Math.min(...operations.map(({ endMs }) => endMs)),
    lastStartMs: Math.max(...operations.map(({ startMs }) => startMs)),
  };
}

function isNothingExplained(
  read: Operation,
  deletions: readonly Operation[],
  zones: readonly Zone[],
): boolean {
  // Within a forward zone the register holds its value all the time.
  if (zones.some(({ firstEndMs, lastStartMs }) => firstEndMs < read.startMs && read.endMs < lastStartMs))
    return false;
  const beginning = { startMs: Number.NEGATIVE_INFINITY, endMs: Number.NEGATIVE_INFINITY };
  return [beginning, ...deletions].some(
    (deletion) =>
      deletion.startMs <= read.endMs &&
      // No value that was written certainly after the deletion and certainly before the read.
      !zones.some(
        ({ value, writeStartMs, firstEndMs }) =>
          value !== 0 && writeStartMs > deletion.endMs && firstEndMs < read.startMs,
      ),
  );
}

function zoneConflict(zones: readonly Zone[]): string | null {
  const forward = zones.filter(({ firstEndMs, lastStartMs }) => firstEndMs < lastStartMs);
  const sorted = forward.toSorted((left, right) => left.firstEndMs - right.firstEndMs);
  for (const [place, zone] of sorted.entries()) {
    const next = sorted[place + 1];
    if (next !== undefined && next.firstEndMs < zone.lastStartMs) {
      return `values ${zone.value} and ${next.value} were both seen before and after each other`;
    }
  }
  for (const zone of zones) {
    if (zone.firstEndMs < zone.lastStartMs) continue;
    const around = forward.find(
      ({ firstEndMs, lastStartMs }) => firstEndMs < zone.lastStartMs && zone.firstEndMs < lastStartMs,
    );
    if (around !== undefined) {
      return `value ${around.value} was seen before and after a ${zone.value === 0 ? "deletion" : `write of ${zone.value}`} that lies between`;
    }
  }
  return null;
}

function show({ kind, value, startMs, endMs }: Operation): string {
  return `${kind} of ${value} from ${startMs.toFixed(3)} to ${endMs.toFixed(3)}`;
}
