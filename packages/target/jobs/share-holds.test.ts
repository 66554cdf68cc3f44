/** Which objects a share of a job has yet to come to, as far as can be told from where it was last. */
import { expect, test } from "bun:test";
import { MemoryJobs } from "@ais/cluster/fixtures/memory-jobs.ts";
import { type JobRecord, NO_STATS, NOTHING_AHEAD } from "@ais/cluster/jobs/job-record.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import { ShareHolds } from "./share-holds.ts";

const ALL = { names: [], template: "", prefix: "", nonRecursive: false };
const STARTED_NS = 100n;

async function setUp(change: Partial<JobRecord>, cursor: string | null = null) {
  const jobs = new MemoryJobs();
  const record: JobRecord = {
    id: "job",
    kind: "copy-bck",
    from: { bucket: aisBucket("b"), bid: "1" },
    to: null,
    description: "",
    args: { selection: ALL },
    startedNs: STARTED_NS.toString(),
    startedBy: "p",
    trace: null,
    targets: ["t1", "t2"],
    stop: null,
    end: null,
    ...change,
  };
  await jobs.create(record);
  const share = { nodeId: "t1", state: "running", startedNs: "1", endedNs: "0", runs: 1 } as const;
  const rest = { stats: NO_STATS, ahead: NOTHING_AHEAD, waitingFor: "", error: "", result: null };
  if (cursor !== null) await jobs.putShare("job", { ...share, ...rest, cursor });
  return { jobs, own: new ShareHolds(jobs, "t1") };
}

async function holds(change: Partial<JobRecord>, cursor: string | null = null) {
  const { own } = await setUp(change, cursor);
  return (objectName: string, createdNs = STARTED_NS, bucketId = 1n): boolean => {
    const key = { bucketId, bucketName: "ais://b", objectName, uname: `ais/@#/b/${objectName}` };
    return own.known(key, createdNs) !== null;
  };
}

test("of the bucket, before its own share has begun, all that was there when the job began", async () => {
  const held = await holds({});
  expect([held("o"), held("o", STARTED_NS + 1n), held("o", STARTED_NS, 2n)]).toEqual([true, false, false]);
  // A bucket that is renamed goes with all that is in it.
  expect((await holds({ kind: "move-bck" }))("o", STARTED_NS + 1n)).toBe(true);
});

test("of a job that is repeated, all until its own share has begun anew", async () => {
  expect((await holds({ round: 1 }, "m"))("a")).toBe(true);
});

test("nothing of jobs that have ended, that others work on, or that leave the objects where they are", async () => {
  const end = { timeNs: "5", aborted: true, error: "" };
  const changes: readonly Partial<JobRecord>[] = [{ end }, { targets: ["t2"] }, { kind: "summary-bck" }];
  for (const change of changes) expect((await holds(change))("o")).toBe(false);
});

test("of a listed bucket, what comes after its cursor, in the order of bytes", async () => {
  const held = await holds({}, "m");
  expect(["a", "m", "m0", "z", "é"].map((name) => held(name))).toEqual([false, false, true, true, true]);
});

test("of a list or a range of names, those that are meant, until the share is over", async () => {
  const listed = await holds({ args: { selection: { ...ALL, names: ["a", "b"] } } }, "256");
  expect(["a", "b", "c"].map((name) => listed(name))).toEqual([true, true, false]);
  const ranged = await holds({ args: { selection: { ...ALL, template: "o-{1..3}" } } }, "256");
  expect(["o-1", "o-3", "o-4"].map((name) => ranged(name))).toEqual([true, true, false]);
  const prefixed = await holds({ args: { selection: { ...ALL, prefix: "p/" } } }, "p/m");
  expect(["p/a", "p/z", "q"].map((name) => prefixed(name))).toEqual([false, true, false]);
});

test("nothing that its own share has done already, in the form that it had then", async () => {
  const { jobs, own } = await setUp({}, "m");
  const key = { bucketId: 1n, bucketName: "ais://b", objectName: "z", uname: "ais/@#/b/z" };
  own.done("job", key, STARTED_NS - 1n);
  expect([own.known(key, STARTED_NS - 1n), own.known(key, STARTED_NS)]).toEqual([null, "job"]);
  expect(own.known({ ...key, objectName: "y", uname: "ais/@#/b/y" }, STARTED_NS - 1n)).toBe("job");
  // So many are remembered, of jobs that have not ended.
  for (let index = 0; index < 10_000; index++) own.done("job", { uname: `other-${index}` }, STARTED_NS);
  expect(own.known(key, STARTED_NS - 1n)).toBe("job");
  await jobs.update("job", (record) => ({ ...record, round: 1 }));
  expect(own.known({ ...key, uname: "other-9999" }, STARTED_NS)).toBe("job");
});

test("of a copy that is synchronized, nothing once it removes what has no original", async () => {
  const args = { selection: ALL, synchronize: true, dryRun: false };
  const copying = await holds({ args }, "0 m");
  expect([copying("a"), copying("z")]).toEqual([false, true]);
  expect((await holds({ args }, "1 "))("z")).toBe(false);
  // A name of a copy that is not.
  expect((await holds({}, "1 b"))("z")).toBe(true);
});
