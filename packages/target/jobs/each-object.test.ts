/** Figures of work on many objects that a killed process began and another one ends. */
import { expect, test } from "bun:test";
import { AisError } from "@ais/base/errors.ts";
import { type JobAhead, type JobRecord, NO_STATS, NOTHING_AHEAD } from "@ais/cluster/jobs/job-record.ts";
import type { JobContext } from "@ais/node/jobs/job-work.ts";
import type { ListedObject } from "@ais/storage/types.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { EachObject } from "./each-object.ts";

const { signal } = new AbortController();
const BATCH = 10;
const COUNT = 35;

/** What is kept of a share, and the objects that there are. */
interface Kept {
  cursor: string;
  stats: typeof NO_STATS;
  ahead: JobAhead;
}

function objectOf(index: number): ListedObject {
  return { objectName: String(index).padStart(3, "0"), attributes: { sizeBytes: 5 } } as ListedObject;
}

/** Work that deletes (or only visits) what is in `objects`, and dies after so many of them. */
function workOn(objects: Map<string, ListedObject>, kept: Kept, deletes: boolean, livesFor: number) {
  let done = 0;
  const stats = { ...kept.stats };
  const context: JobContext = {
    record: {} as JobRecord,
    cursor: kept.cursor,
    shareStartedNs: 0n,
    stats,
    ahead: kept.ahead,
    announce: async (ahead) => {
      kept.ahead = ahead;
      save();
    },
    workers() {},
    phase: () => NOOP_SPAN,
    failed() {},
  };
  const work: EachObject = new EachObject({
    context,
    workerCount: 1,
    continueOnError: false,
    ...(deletes ? { vanishes: () => true } : {}),
    source: {
      async batch(cursor, until = "") {
        const page = [...objects.keys()].filter((name) => name > cursor).slice(0, BATCH);
        const names = page.filter((name) => until === "" || name <= until);
        const next =
          names.length < page.length ? until : names.length === BATCH ? (names.at(-1) ?? null) : null;
        return { objects: names.flatMap((name) => objects.get(name) ?? []), next };
      },
    },
    async each({ objectName, attributes }) {
      if (done++ === livesFor) throw new Error("killed");
      if (deletes) objects.delete(objectName);
      stats.objects++;
      stats.bytes += attributes.sizeBytes;
    },
  });
  const save = (): void => {
    kept.cursor = work.cursor();
    kept.stats = { ...work.settled() };
  };
  return { work, stats, save, context };
}

test.each([
  ["deletes", true],
  ["visits", false],
])("work that %s counts every object once, wherever it is killed", async (_what, deletes) => {
  for (let livesFor = 0; livesFor < COUNT; livesFor++) {
    // Whether the share was written down just before the end, or long before.
    for (const savesLate of [true, false]) {
      const objects = new Map(
        Array.from({ length: COUNT }, (_, index) => [objectOf(index).objectName, objectOf(index)]),
      );
      const kept: Kept = { cursor: "", stats: { ...NO_STATS }, ahead: NOTHING_AHEAD };
      const first = workOn(objects, kept, deletes, livesFor);
      await expect(untilDone(first.work)).rejects.toThrow("killed");
      if (savesLate) first.save();
      const second = workOn(objects, kept, deletes, COUNT);
      await untilDone(second.work);
      expect([livesFor, savesLate, second.stats.objects, second.stats.bytes]).toEqual([
        livesFor,
        savesLate,
        COUNT,
        COUNT * 5,
      ]);
    }
  }
});

test.each([1, 4])("what has to wait keeps nothing else waiting (workers: %d)", async (workerCount) => {
  const names = Array.from({ length: 20 }, (_, index) => objectOf(index).objectName);
  const done: string[] = [];
  const kept: Kept = { cursor: "", stats: { ...NO_STATS }, ahead: NOTHING_AHEAD };
  const { context } = workOn(new Map(), kept, false, 0);
  const work = new EachObject({
    context,
    workerCount,
    continueOnError: false,
    source: { batch: async () => ({ objects: names.map((_, index) => objectOf(index)), next: null }) },
    async each({ objectName }) {
      // Two of them wait for all others.
      const isEarly = objectName === "003" || objectName === "019";
      if (isEarly && done.length < 18) throw new AisError("unavailable", "not yet");
      done.push(objectName);
    },
  });
  let waits = 0;
  for (let outcome = await work.unit(signal); outcome.kind !== "done"; outcome = await work.unit(signal)) {
    if (outcome.kind === "waiting") waits++;
    // Once for each at most.
    expect(waits).toBeLessThanOrEqual(2);
  }
  expect([...done].sort()).toEqual(names);
});

test("where nothing else is left it waits", async () => {
  const kept: Kept = { cursor: "", stats: { ...NO_STATS }, ahead: NOTHING_AHEAD };
  const { context } = workOn(new Map(), kept, false, 0);
  let isReady = false;
  const work = new EachObject({
    context,
    workerCount: 4,
    continueOnError: false,
    source: { batch: async () => ({ objects: [objectOf(1), objectOf(2)], next: null }) },
    async each() {
      if (!isReady) throw new AisError("unavailable", "not yet");
    },
  });
  expect(await work.unit(signal)).toMatchObject({ kind: "waiting", reason: "not yet" });
  isReady = true;
  await untilDone(work);
});

async function untilDone(work: EachObject): Promise<void> {
  while ((await work.unit(signal)).kind !== "done");
}
