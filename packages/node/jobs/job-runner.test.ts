import { expect, test } from "bun:test";
import { systemClock } from "@ais/base/clock.ts";
import { MemoryJobs } from "@ais/cluster/fixtures/memory-jobs.ts";
import { type JobRecord, type JobShare, NO_STATS, NOTHING_AHEAD } from "@ais/cluster/jobs/job-record.ts";
import { MemoryLogger } from "../testing/memory-services.ts";
import { RecordingTracing } from "../testing/recording-tracing.ts";
import { startJobRunner } from "./job-runner.ts";
import { jobSnap } from "./job-views.ts";
import type { JobWork, JobWorks, UnitOutcome } from "./job-work.ts";

const NODE = "t1";

function record(id: string, change: Partial<JobRecord> = {}): JobRecord {
  return {
    id,
    kind: "copy-bck",
    from: null,
    to: null,
    description: "",
    args: null,
    startedNs: "1",
    startedBy: "p1",
    trace: { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 },
    targets: [NODE, "t2"],
    stop: null,
    end: null,
    ...change,
  };
}

function setUp(works: JobWorks) {
  const jobs = new MemoryJobs();
  const tracing = new RecordingTracing();
  const options = { jobs, works, nodeId: NODE, tracing, logger: new MemoryLogger(), clock: systemClock };
  const shareWhen = (id: string, isIt: (share: JobShare) => boolean): Promise<JobShare> =>
    new Promise((resolve) => {
      const look = (): void => {
        const share = jobs.get(id)?.shares.get(NODE);
        if (share !== undefined && isIt(share)) resolve(share);
      };
      jobs.onChange(look);
      look();
    });
  return { jobs, tracing, options, shareWhen };
}

/** Counts to `end` unit by unit; the cursor is how far it is. */
function counting(
  end: number,
  from: string,
  onUnit: (count: number) => UnitOutcome | null = () => null,
): JobWork {
  let count = Number(from || 0);
  return {
    async unit() {
      const outcome = onUnit(count);
      if (outcome !== null) return outcome;
      count++;
      return { kind: count < end ? "worked" : "done" };
    },
    cursor: () => String(count),
    result: () => ({ count }),
  };
}

test("works on its share unit by unit, and leaves figures, result and one span", async () => {
  const { jobs, tracing, options, shareWhen } = setUp({
    "copy-bck": (context) => {
      context.phase("copy");
      const work = counting(5, context.cursor);
      const unit: JobWork["unit"] = (signal) => {
        context.stats.objects++;
        return work.unit(signal);
      };
      return { ...work, unit };
    },
  });
  await using runner = startJobRunner(options);
  await jobs.create(record("one"));
  await jobs.create(record("elsewhere", { targets: ["t2"] }));
  runner.received("one", 7);
  const share = await shareWhen("one", ({ state }) => state === "done");
  expect(share).toMatchObject({ runs: 1, cursor: "5", result: { count: 5 }, error: "" });
  expect(share.stats).toMatchObject({ objects: 5, receivedObjects: 1, receivedBytes: 7 });
  expect(jobs.get("elsewhere")?.shares.size).toBe(0);
  const [root, ...others] = tracing.roots;
  expect(others).toEqual([]);
  expect(root?.name).toBe("ais.job copy-bck");
  expect(root?.children.map(({ name, endings }) => [name, endings])).toEqual([["ais.job.copy", 1]]);
});

test("what arrives while the end of a share is being written is counted as well", async () => {
  const { jobs, options, shareWhen } = setUp({ "copy-bck": () => counting(1, "") });
  await using runner = startJobRunner(options);
  const write = jobs.putShare.bind(jobs);
  let isLate = false;
  jobs.putShare = async (id, share) => {
    // Its figures have been taken by now.
    if (share.state === "done" && !isLate) runner.received(id, 7);
    isLate ||= share.state === "done";
    await write(id, share);
  };
  await jobs.create(record("one"));
  const share = await shareWhen("one", ({ stats }) => stats.receivedObjects > 0);
  expect(share).toMatchObject({ state: "done", stats: { receivedObjects: 1, receivedBytes: 7 } });
});

test("a share that an earlier process left goes on from its cursor with its figures", async () => {
  const seen: string[] = [];
  const { jobs, options, shareWhen } = setUp({
    "copy-bck": (context) => {
      seen.push(context.cursor);
      return counting(5, context.cursor);
    },
  });
  await jobs.create(record("one"));
  const left: JobShare = {
    nodeId: NODE,
    state: "running",
    startedNs: "3",
    endedNs: "0",
    runs: 1,
    stats: { ...NO_STATS, objects: 3 },
    ahead: NOTHING_AHEAD,
    cursor: "3",
    waitingFor: "",
    error: "",
    result: null,
  };
  await jobs.putShare("one", left);
  await using _ = startJobRunner(options);
  const share = await shareWhen("one", ({ state }) => state === "done");
  expect(seen).toEqual(["3"]);
  expect(share).toMatchObject({ runs: 2, startedNs: "3" });
  expect(share.stats.objects).toBe(3);
});

test("a share that was over begins anew with the next round, with the figures that it had", async () => {
  const seen: string[] = [];
  const { jobs, options, shareWhen } = setUp({
    "delete-listrange": (context) => {
      seen.push(context.cursor);
      context.stats.objects += 2;
      return { ...counting(5, context.cursor), mustRepeat: () => seen.length === 1 };
    },
  });
  await using _ = startJobRunner(options);
  await jobs.create(record("one", { kind: "delete-listrange" }));
  const first = await shareWhen("one", ({ state }) => state === "done");
  await jobs.update("one", (now) => ({ ...now, round: 1 }));
  const second = await shareWhen("one", ({ state, round }) => state === "done" && round === 1);
  expect(seen).toEqual(["", ""]);
  expect(second).toMatchObject({ runs: 1, startedNs: first.startedNs, cursor: "5" });
  expect([first.mustRepeat, second.mustRepeat]).toEqual([true, undefined]);
  expect([first.stats.objects, second.stats.objects]).toEqual([2, 4]);
  // What the job tells clients ends with it, and not with a round.
  const { record: open } = jobs.get("one") ?? { record: record("none") };
  expect(jobSnap(open, second).is_idle).toBe(false);
  expect(jobSnap({ ...open, end: { timeNs: "9", aborted: false, error: "" } }, second).is_idle).toBe(true);
});

test("a failure ends the share with its text, and the job for all others", async () => {
  const { jobs, tracing, options, shareWhen } = setUp({
    "copy-bck": () =>
      counting(5, "", (count) => {
        if (count === 2) throw new Error("the disk is full");
        return null;
      }),
  });
  await using _ = startJobRunner(options);
  await jobs.create(record("one"));
  expect(await shareWhen("one", ({ state }) => state === "aborted")).toMatchObject({
    error: "the disk is full",
  });
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (jobs.get("one")?.record.stop !== null) resolve();
    };
    jobs.onChange(look);
    look();
  });
  expect(jobs.get("one")?.record.stop?.reason).toBe("t[t1]: the disk is full");
  expect(tracing.last.failure).toBe("internal");
});

test("a stop ends work that waits", async () => {
  const { jobs, options, shareWhen } = setUp({
    "copy-bck": () => counting(5, "", () => ({ kind: "waiting", reason: "t[t9] is away", delayMs: 60_000 })),
  });
  await using runner = startJobRunner(options);
  await jobs.create(record("one"));
  await shareWhen("one", ({ state }) => state === "running");
  while (runner.live()[0]?.share.waitingFor !== "t[t9] is away")
    await new Promise((resolve) => setImmediate(resolve));
  await jobs.update("one", (current) => ({ ...current, stop: { reason: "user abort", timeNs: "9" } }));
  expect(await shareWhen("one", ({ state }) => state === "aborted")).toMatchObject({ error: "" });
});

test("a kind that idles is idle when its work is done", async () => {
  const { jobs, options, shareWhen } = setUp({ "copy-listrange": () => counting(1, "") });
  await using _ = startJobRunner(options);
  await jobs.create(record("one", { kind: "copy-listrange" }));
  expect(await shareWhen("one", ({ state }) => state === "idle")).toMatchObject({ error: "" });
});

test("a process that stops leaves its share to the next one", async () => {
  const { jobs, options, shareWhen } = setUp({
    "copy-bck": (context) =>
      counting(5, context.cursor, (count) =>
        count === 2 ? { kind: "waiting", reason: "someone", delayMs: 60_000 } : null,
      ),
  });
  const runner = startJobRunner(options);
  await jobs.create(record("one"));
  while (runner.live()[0]?.share.waitingFor !== "someone")
    await new Promise((resolve) => setImmediate(resolve));
  await runner[Symbol.asyncDispose]();
  expect(await shareWhen("one", () => true)).toMatchObject({ state: "running", cursor: "2" });
});
