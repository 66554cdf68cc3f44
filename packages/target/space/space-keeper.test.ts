/** A cleanup starts by itself when space gets low: once, not in a storm. */
import { afterEach, expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { type Clock, systemClock } from "@ais/base/clock.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import { MemoryJobs } from "@ais/cluster/fixtures/memory-jobs.ts";
import { MemoryLogger } from "@ais/node/testing/memory-services.ts";
import { startSpaceKeeper } from "./space-keeper.ts";
import { NO_SPACE_STATE, type SpaceLevel } from "./space-state.ts";

const TICK_MS = 5;
let nowMs = 0;
const clock: Clock = { ...systemClock, monotonicMs: () => nowMs };
let running: AsyncDisposable | null = null;
afterEach(async () => running?.[Symbol.asyncDispose]());

function start(canEvict = false) {
  let level: SpaceLevel = "ok";
  let looks = 0;
  const jobs = new MemoryJobs();
  const logger = new MemoryLogger();
  const guard = {
    state: () => {
      looks++;
      return { ...NO_SPACE_STATE, level, usedPercent: 91.2, fullest: "/mp1", alert: "low" };
    },
  };
  running = startSpaceKeeper({
    guard,
    jobs,
    nodeId: "t1",
    canEvict: () => canEvict,
    logger,
    clock,
    tickMs: TICK_MS,
  });
  const to = async (next: SpaceLevel): Promise<number> => {
    level = next;
    for (const enough = looks + 10; looks < enough; ) await sleep(TICK_MS);
    return jobs.list().length;
  };
  const end = async (): Promise<void> => {
    const open = must(
      jobs.list().find(({ record }) => record.end === null),
      "an open job",
    ).record;
    await jobs.update(open.id, (record) => ({ ...record, end: { timeNs: "1", aborted: false, error: "" } }));
  };
  return { jobs, logger, to, end };
}

test("starts one job of this target alone, and says why", async () => {
  const { jobs, logger, to } = start();
  expect(await to("ok")).toBe(0);
  expect(await to("low")).toBe(1);
  expect(await to("full")).toBe(1);
  const [job] = jobs.list();
  expect(job?.record).toMatchObject({
    kind: "cleanup-store",
    targets: ["t1"],
    startedBy: "t1",
    description: '92% of "/mp1" is used',
  });
  expect(logger.lines.filter(({ level }) => level === "warn").map(({ fields }) => fields["space"])).toEqual([
    "low",
    "full",
  ]);
});

test("the next comes ten minutes later, or when space had been enough in between", async () => {
  const { to, end } = start();
  expect(await to("filling")).toBe(1);
  await end();
  for (const level of ["low", "filling", "full", "low"] as const) expect(await to(level)).toBe(1);
  nowMs += 10 * 60_000;
  expect(await to("low")).toBe(2);
  await end();
  await to("ok");
  expect(await to("filling")).toBe(3);
});

test("none is started while another is under way, and a failure is tried again", async () => {
  const { jobs, logger, to } = start();
  const create = jobs.create.bind(jobs);
  let failures = 0;
  jobs.create = async () => {
    failures++;
    throw new Error("the coordinator is away");
  };
  expect(await to("low")).toBe(0);
  expect(failures).toBeGreaterThan(1);
  expect(logger.lines.some(({ message }) => message === "failed to make room")).toBe(true);
  jobs.create = create;
  expect(await to("low")).toBe(1);
  nowMs += 60 * 60_000;
  expect(await to("low")).toBe(1);
});

test("evicts when cleaning was not enough, once as long as that does not help", async () => {
  const { jobs, to, end } = start(true);
  const kinds = (): string[] => jobs.list().map(({ record }) => record.kind);
  await to("filling");
  await end();
  await to("filling");
  expect(kinds()).toEqual(["cleanup-store"]);
  await to("low");
  expect(kinds()).toEqual(["cleanup-store", "lru"]);
  await end();
  await to("full");
  expect(kinds()).toEqual(["cleanup-store", "lru"]);
  // It did help, and space is low again.
  await to("filling");
  await to("low");
  expect(kinds()).toEqual(["cleanup-store", "lru", "lru"]);
});
