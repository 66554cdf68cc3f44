/** Sending an object to its owner beside jobs that have yet to come to it. */
import { expect, test } from "bun:test";
import { MemoryJobs } from "@ais/cluster/fixtures/memory-jobs.ts";
import { NO_STATS, NOTHING_AHEAD } from "@ais/cluster/jobs/job-record.ts";
import { NO_WORKERS } from "@ais/node/workers/workers.ts";
import { handOverFixture, KEY, NEVER, stored } from "../testing/hand-over-fixture.ts";

const EVERYTHING = { names: [], template: "", prefix: "", nonRecursive: false };

/** A job that renames the object's bucket, with a share here that is at `cursor`. */
async function beginRename(jobs: MemoryJobs, cursor: string | null): Promise<void> {
  const bucket = { name: "b", provider: "ais", namespace: { uuid: "", name: "" } } as const;
  await jobs.create({
    id: "job",
    kind: "move-bck",
    from: { bucket, bid: "1" },
    to: { bucket: { ...bucket, name: "c" }, bid: "2" },
    description: "",
    args: { selection: EVERYTHING },
    startedNs: "1",
    startedBy: "p",
    trace: null,
    targets: ["selfnode", "ownernode"],
    stop: null,
    end: null,
  });
  if (cursor !== null) await saveShare(jobs, cursor, "running");
}

function saveShare(jobs: MemoryJobs, cursor: string, state: "running" | "done"): Promise<void> {
  const share = { nodeId: "selfnode", state, startedNs: "1", endedNs: "0", runs: 1, cursor } as const;
  const rest = { stats: NO_STATS, ahead: NOTHING_AHEAD, waitingFor: "", error: "", result: null };
  return jobs.putShare("job", { ...share, ...rest });
}

test("an object that a share here has yet to come to goes with a rebalance only", async () => {
  const jobs = new MemoryJobs();
  using fixture = await handOverFixture(stored("one", 7n), async () => 200, NO_WORKERS.sync, jobs);
  const { handOver, store, arrived } = fixture;
  const held = { code: "unavailable", message: expect.stringContaining("until job") };
  await beginRename(jobs, null);
  await expect(handOver.run(KEY, "", NEVER)).rejects.toMatchObject(held);
  await saveShare(jobs, "n", "running");
  await expect(handOver.run(KEY, "", NEVER)).rejects.toMatchObject(held);
  expect([arrived, store.object === null]).toEqual([[], false]);
  // In another bucket.
  expect(await handOver.run({ ...KEY, bucketId: 3n, uname: "other" }, "", NEVER)).toMatchObject({
    kind: "sent",
  });
  store.object = stored("two", 8n);
  await saveShare(jobs, "o", "running");
  expect(await handOver.run(KEY, "", NEVER)).toMatchObject({ kind: "sent" });
  store.object = stored("three", 9n);
  await saveShare(jobs, "", "running");
  expect(await handOver.run(KEY, "g1", NEVER)).toMatchObject({ kind: "sent" });
  store.object = stored("four", 10n);
  await saveShare(jobs, "", "done");
  expect(await handOver.run(KEY, "", NEVER)).toMatchObject({ kind: "sent" });
});

test("a job that begins while an object is on its way, and is not known here yet, keeps it here as well", async () => {
  const jobs = new MemoryJobs();
  const list = jobs.list.bind(jobs);
  jobs.reload = async () => list();
  let hasBegun = false;
  using fixture = await handOverFixture(
    stored("one", 7n),
    async () => {
      if (!hasBegun) await beginRename(jobs, null);
      hasBegun = true;
      // The watch brings it later.
      jobs.list = () => [];
      return 200;
    },
    NO_WORKERS.sync,
    jobs,
  );
  const { handOver, store, arrived, holds } = fixture;
  const sending = handOver.run(KEY, "", NEVER);
  expect([handOver.isUnderWay(KEY.uname), holds.takeCrossed("job")]).toEqual([true, false]);
  await expect(sending).rejects.toMatchObject({ code: "unavailable" });
  expect(handOver.isUnderWay(KEY.uname)).toBe(false);
  expect([arrived, store.object === null]).toEqual([["one@7"], false]);
  // Its share at the owner may have passed the object before it came.
  expect([holds.takeCrossed("job"), holds.takeCrossed("job")]).toEqual([true, false]);
  jobs.list = list;
  await jobs.update("job", (record) => ({ ...record, end: { timeNs: "9", aborted: false, error: "" } }));
  expect(await handOver.run(KEY, "", NEVER)).toMatchObject({ kind: "sent" });
  expect(store.object).toBe(null);
});

test("a job that begins while an object is on its way is noted also where the owner's answer is lost", async () => {
  const jobs = new MemoryJobs();
  const list = jobs.list.bind(jobs);
  jobs.reload = async () => list();
  using fixture = await handOverFixture(
    stored("one", 7n),
    async () => {
      await beginRename(jobs, null);
      jobs.list = () => [];
      fixture.cut();
      return 200;
    },
    NO_WORKERS.sync,
    jobs,
  );
  const { handOver, store, arrived, holds } = fixture;
  await expect(handOver.run(KEY, "", NEVER)).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("failed to send"),
  });
  expect([arrived, store.object === null, holds.takeCrossed("job")]).toEqual([["one@7"], false, true]);
});
