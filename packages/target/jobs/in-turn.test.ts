import { expect, test } from "bun:test";
import { NO_STATS } from "@ais/cluster/jobs/job-record.ts";
import type { JobWork } from "@ais/node/jobs/job-work.ts";
import { InTurn } from "./in-turn.ts";

const { signal } = new AbortController();

/** Counts to three from its cursor, and writes down what it did. */
function counting(name: string, done: string[]): (cursor: string) => JobWork {
  return (cursor) => {
    let at = Number(cursor);
    return {
      cursor: () => (at === 0 ? "" : String(at)),
      async unit() {
        if (at === 3) return { kind: "done" };
        done.push(`${name}${++at}`);
        return { kind: "worked" };
      },
    };
  };
}

test("goes through its stages, and on from any cursor", async () => {
  const all = ["a1", "a2", "a3", "b1", "b2", "b3"];
  const done: string[] = [];
  const stages = [counting("a", done), counting("b", done)];
  const cursors: string[] = [];
  const work = new InTurn("", stages);
  for (;;) {
    cursors.push(work.cursor());
    if ((await work.unit(signal)).kind === "done") break;
  }
  expect(done).toEqual(all);
  for (const [index, cursor] of ["", ...cursors].entries()) {
    done.length = 0;
    const again = new InTurn(cursor, stages);
    while ((await again.unit(signal)).kind !== "done");
    expect([cursor, all.slice(all.length - done.length)]).toEqual([cursor, done]);
    if (index === 0) expect(done).toEqual(all);
  }
  expect(cursors).toEqual(["0 ", "0 1", "0 2", "0 3", "1 ", "1 1", "1 2", "1 3"]);
});

test("its figures are those of the stage that it is at", async () => {
  const counts: JobWork = {
    cursor: () => "",
    settled: () => ({ ...NO_STATS, objects: 7 }),
    unit: async () => ({ kind: "done" }),
  };
  const work = new InTurn("", [() => counts, counting("b", [])]);
  expect(work.settled()?.objects).toBe(7);
  await work.unit(signal);
  expect([work.cursor(), work.settled()]).toEqual(["1 ", undefined]);
});
