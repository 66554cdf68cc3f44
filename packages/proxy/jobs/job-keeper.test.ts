import { expect, test } from "bun:test";
import type { Clock } from "@ais/base/clock.ts";
import { type JobRecord, type JobShare, NO_STATS, NOTHING_AHEAD } from "@ais/cluster/jobs/job-record.ts";
import { loadHrw } from "@ais/hrw/hrw.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import { findBucket, withBucket } from "@ais/wire/bmd.ts";
import { outOfServiceState } from "@ais/wire/fixtures/out-of-service.ts";
import { withNode } from "@ais/wire/rmd.ts";
import { fakeNode } from "../fixtures/fake-member.ts";
import { FakeProxy } from "../fixtures/fake-proxy.ts";
import { MembershipTransactions } from "../membership/transactions.ts";
import type { ProxyServices } from "../services.ts";
import { startJobKeeper } from "./job-keeper.ts";

const SECOND_NS = 1_000_000_000n;
const T1 = "target-one";
const T2 = "target-two";

/** Time passes when told to. */
class HandClock implements Clock {
  ns = 1_000n * SECOND_NS;
  nowMs = (): number => Number(this.ns / 1_000_000n);
  nowNs = (): bigint => this.ns;
  monotonicMs = (): number => this.nowMs();
}

async function setUp() {
  // Nobody listens there, which is known at once.
  const targets = [
    fakeNode(T1, "target", "http://127.0.0.1:1", 1n),
    fakeNode(T2, "target", "http://127.0.0.1:1", 2n),
  ];
  const proxy = await FakeProxy.create({ targets });
  // The proxy has a keeper of its own, with the machine's time.
  proxy.member.isPrimary = false;
  const clock = new HandClock();
  const member = Object.create(proxy.member, {
    isPrimary: { value: true },
    // Its private parts are the original's.
    updateBmd: { value: proxy.member.updateBmd.bind(proxy.member) },
  });
  const membership = new MembershipTransactions();
  const services: ProxyServices = { ...proxy.services, member, clock, hrw: await loadHrw(), membership };
  const keeper = startJobKeeper(services);
  return { proxy, jobs: proxy.services.jobs, clock, keeper };
}

function record(change: Partial<JobRecord> = {}): JobRecord {
  return {
    id: "job",
    kind: "copy-bck",
    from: null,
    to: null,
    description: "",
    args: { names: ["a"] },
    startedNs: "1",
    startedBy: "p1",
    trace: null,
    targets: [T1, T2],
    stop: null,
    end: null,
    ...change,
  };
}

function share(nodeId: string, state: JobShare["state"], change: Partial<JobShare> = {}): JobShare {
  return {
    nodeId,
    state,
    startedNs: "2",
    endedNs: state === "running" ? "0" : String(1_000n * SECOND_NS),
    runs: 1,
    stats: NO_STATS,
    ahead: NOTHING_AHEAD,
    cursor: "",
    waitingFor: "",
    error: "",
    result: null,
    ...change,
  };
}

/** Lets the keeper look, and whatever follows from it settle. */
async function look(keeper: { trigger(): void }): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    keeper.trigger();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("a job ends when every share is over, and forgets its arguments", async () => {
  const { jobs, keeper } = await setUp();
  await jobs.create(record());
  await jobs.putShare("job", share(T1, "done"));
  await look(keeper);
  expect(jobs.get("job")?.record.end).toBeNull();
  await jobs.putShare("job", share(T2, "done", { error: "one object was odd" }));
  await look(keeper);
  expect(jobs.get("job")?.record).toMatchObject({
    args: null,
    end: { aborted: false, error: "one object was odd" },
  });
  await keeper[Symbol.asyncDispose]();
});

test("a target that stays away is waited for, then given up, and the job says so", async () => {
  const { proxy, jobs, clock, keeper } = await setUp();
  await jobs.create(record());
  await jobs.putShare("job", share(T1, "done"));
  const { [T2]: _, ...tmap } = proxy.member.snapshot.smap.tmap;
  proxy.member.snapshot = { ...proxy.member.snapshot, smap: { ...proxy.member.snapshot.smap, tmap } };
  proxy.member.snapshot = { ...proxy.member.snapshot, rmd: { ...proxy.member.snapshot.rmd, away: [T2] } };
  await look(keeper);
  clock.ns += 50n * SECOND_NS;
  await look(keeper);
  expect(jobs.get("job")?.record.stop).toBeNull();
  clock.ns += 20n * SECOND_NS;
  await look(keeper);
  expect(jobs.get("job")?.record.end).toMatchObject({
    aborted: true,
    error: expect.stringContaining("t[target-two] left the cluster"),
  });
  await keeper[Symbol.asyncDispose]();
});

test("of a target that is gone with what it holds, the job says how it goes on without", async () => {
  const { proxy, jobs, clock, keeper } = await setUp();
  await jobs.create(record({ targets: ["t9"] }));
  await proxy.member.updateRmd((rmd) => ({ ...rmd, away: ["t9"] }));
  await look(keeper);
  clock.ns += 70n * SECOND_NS;
  await look(keeper);
  const error = jobs.get("job")?.record.end?.error;
  expect(error).toStartWith("t[t9] left the cluster; if t[t9] does not come back, ");
  expect(error).toContain("decommission t9 --no-rebalance");
  await keeper[Symbol.asyncDispose]();
});

test.each([
  ["copy-bck", { names: ["a"] }, { aborted: false, error: "" }],
  ["delete-listrange", { names: ["a"] }, { aborted: false, error: "" }],
  // What is gone with the target may be left as a copy only.
  ["copy-bck", { synchronize: true }, { aborted: true, error: "t[t9] left the cluster" }],
  // Files of its own are nobody else's.
  ["promote", null, { aborted: true, error: "t[t9] left the cluster" }],
] as const)("a %s of %j that waits for a target which is given up meanwhile", async (kind, args, end) => {
  const { proxy, jobs, clock, keeper } = await setUp();
  await jobs.create(record({ kind, args, targets: [T1, T2, "t9"] }));
  for (const id of [T1, T2]) await jobs.putShare("job", share(id, "done"));
  await proxy.member.updateRmd((rmd) => ({ ...rmd, away: ["t9"] }));
  await look(keeper);
  expect(jobs.get("job")?.record).toMatchObject({ targets: [T1, T2, "t9"], end: null });
  await proxy.member.updateRmd((rmd) => ({ ...rmd, away: [] }));
  await look(keeper);
  expect(jobs.get("job")?.record.end).toEqual(end.aborted ? null : expect.objectContaining(end));
  clock.ns += 70n * SECOND_NS;
  await look(keeper);
  expect(jobs.get("job")?.record.end).toMatchObject(end);
  await keeper[Symbol.asyncDispose]();
});

test("a job all of whose targets are given up has not ended well", async () => {
  const { proxy, jobs, clock, keeper } = await setUp();
  await jobs.create(record({ kind: "copy-bck", targets: ["t9"] }));
  await proxy.member.updateRmd((rmd) => ({ ...rmd, away: [] }));
  await look(keeper);
  expect(jobs.get("job")?.record.end).toBeNull();
  clock.ns += 70n * SECOND_NS;
  await look(keeper);
  expect(jobs.get("job")?.record.end).toMatchObject({
    aborted: true,
    error: expect.stringContaining("t[t9] left the cluster"),
  });
  await keeper[Symbol.asyncDispose]();
});

test("a job that idles ends a while after its work", async () => {
  const { jobs, clock, keeper } = await setUp();
  await jobs.create(record({ kind: "copy-listrange" }));
  for (const id of [T1, T2]) await jobs.putShare("job", share(id, "idle"));
  clock.ns += 5n * SECOND_NS;
  await look(keeper);
  expect(jobs.get("job")?.record.end).toBeNull();
  clock.ns += 6n * SECOND_NS;
  await look(keeper);
  expect(jobs.get("job")?.record.end).toMatchObject({ aborted: false });
  await keeper[Symbol.asyncDispose]();
});

test("a job that is stopped while it idles is aborted, at once", async () => {
  const { jobs, keeper } = await setUp();
  const stop = { reason: "user abort", timeNs: "5" };
  await jobs.create(record({ kind: "copy-listrange", stop }));
  for (const id of [T1, T2]) await jobs.putShare("job", share(id, "idle"));
  await look(keeper);
  expect(jobs.get("job")?.record.end).toMatchObject({ aborted: true, error: "user abort" });
  await keeper[Symbol.asyncDispose]();
});

test.each([
  ["done", null, 0, ["new"]],
  ["aborted", null, 0, ["new", "old"]],
  ["done", "user abort", 0, ["new", "old"]],
  ["done", null, 1, ["new", "old"]],
] as const)(
  "a rename whose shares are %s, with stop %p, and %d rebalances meanwhile, leaves %j",
  async (...row) => {
    const [state, reason, rebalances, left] = row;
    const { proxy, jobs, keeper } = await setUp();
    const { member } = proxy;
    const props = findBucket(member.snapshot.bmd, aisBucket("nnn"));
    if (props === null) throw new Error("the fixture has a bucket");
    await member.updateBmd((bmd) =>
      withBucket(
        withBucket({ ...bmd, providers: {} }, aisBucket("old"), { ...props, bid: "7", Renamed: "move-bck" }),
        aisBucket("new"),
        { ...props, bid: "8" },
      ),
    );
    const stop = reason === null ? null : { reason, timeNs: "5" };
    const from = { bucket: aisBucket("old"), bid: "7" };
    if (rebalances > 0) await jobs.create(record({ ...REBALANCE, id: "g1", targets: [T1] }));
    const to = { bucket: aisBucket("new"), bid: "8" };
    await jobs.create(record({ kind: "move-bck", from, to, stop, afterRebalance: 0 }));
    for (const id of [T1, T2]) await jobs.putShare("job", share(id, state));
    await look(keeper);
    while (jobs.get("job")?.record.end === null) await new Promise((resolve) => setTimeout(resolve, 5));
    const { bmd } = member.snapshot;
    expect(["new", "old"].filter((name) => findBucket(bmd, aisBucket(name)) !== null)).toEqual([...left]);
    expect(findBucket(bmd, aisBucket("old"))?.Renamed ?? "").toBe("");
    expect(jobs.get("job")?.record.end?.aborted).toBe(left.length === 2);
    await keeper[Symbol.asyncDispose]();
  },
);

const NO_REBALANCE = { smapVersion: "7", goal: "", active: [T1], leaving: [] };
const REBALANCE = { kind: "rebalance", end: { timeNs: "9", aborted: false, error: "" } } as const;

test("a copy that met a rebalance has not come to its end, whatever its shares say", async () => {
  const { jobs, keeper } = await setUp();
  await jobs.create(record({ ...REBALANCE, id: "g3", targets: [T1] }));
  await jobs.create(record({ afterRebalance: 2 }));
  await jobs.create(record({ id: "later", afterRebalance: 3 }));
  for (const id of ["job", "later"])
    for (const node of [T1, T2]) await jobs.putShare(id, share(node, "done"));
  await look(keeper);
  expect(jobs.get("job")?.record.end).toMatchObject({ aborted: true, error: "aborted by a rebalance" });
  expect(jobs.get("later")?.record.end).toMatchObject({ aborted: false, error: "" });
  await keeper[Symbol.asyncDispose]();
});

test("a deletion that met a rebalance goes over its objects once more when that is over, with whoever has some by then", async () => {
  const { proxy, jobs, keeper } = await setUp();
  const running = record({ ...REBALANCE, id: "g3", targets: [T1], args: NO_REBALANCE, end: null });
  await jobs.create(running);
  await jobs.create(record({ kind: "delete-listrange", afterRebalance: 2, targets: [T1] }));
  await jobs.putShare("job", share(T1, "done"));
  await look(keeper);
  expect(jobs.get("job")?.record).toMatchObject({ end: null, stop: null });
  expect(jobs.get("job")?.record.round).toBeUndefined();
  await jobs.update("g3", (now) => ({ ...now, end: REBALANCE.end }));
  await look(keeper);
  const again = { end: null, stop: null, round: 1, afterRebalance: 3, targets: [T1, T2] };
  expect(jobs.get("job")?.record).toMatchObject(again);
  // What is over is of the round before.
  await jobs.putShare("job", share(T2, "done", { round: 1 }));
  await look(keeper);
  expect(jobs.get("job")?.record).toMatchObject(again);
  await jobs.putShare("job", share(T1, "done", { round: 1 }));
  await look(keeper);
  expect(jobs.get("job")?.record.end).toMatchObject({ aborted: false, error: "" });
  // One that came since may have got objects from one that was over.
  await jobs.create(record({ id: "other", kind: "delete-listrange", afterRebalance: 3, targets: [T1] }));
  await jobs.putShare("other", share(T1, "done"));
  await look(keeper);
  expect(jobs.get("other")?.record).toMatchObject({ end: null, round: 1, targets: [T1, T2] });
  expect(proxy.member.refreshes).toContain("smap");
  await keeper[Symbol.asyncDispose]();
});

test("a deletion of which a share says that it may have left something out is repeated at once", async () => {
  const { jobs, keeper } = await setUp();
  await jobs.create(record({ kind: "delete-listrange", afterRebalance: 0 }));
  await jobs.putShare("job", share(T1, "done", { mustRepeat: true }));
  await jobs.putShare("job", share(T2, "done"));
  await look(keeper);
  expect(jobs.get("job")?.record).toMatchObject({ end: null, round: 1, afterRebalance: 0 });
  for (const id of [T1, T2]) await jobs.putShare("job", share(id, "done", { round: 1 }));
  await look(keeper);
  expect(jobs.get("job")?.record.end).toMatchObject({ aborted: false });
  await keeper[Symbol.asyncDispose]();
});

test("a deletion that is stopped before it could go over its objects once more was aborted", async () => {
  const { jobs, keeper } = await setUp();
  await jobs.create(record({ ...REBALANCE, id: "g3", targets: [T1], args: NO_REBALANCE, end: null }));
  await jobs.create(record({ kind: "delete-listrange", afterRebalance: 2, targets: [T1] }));
  await jobs.putShare("job", share(T1, "done"));
  await look(keeper);
  await jobs.update("job", (now) => ({ ...now, stop: { reason: "user abort", timeNs: "5" } }));
  await look(keeper);
  expect(jobs.get("job")?.record.end).toMatchObject({ aborted: true, error: "user abort" });
  await keeper[Symbol.asyncDispose]();
});

test("a rebalance is remembered as long as a job may have met it", async () => {
  const { jobs, keeper, clock } = await setUp();
  await jobs.create(record({ afterRebalance: 1 }));
  for (const id of ["g1", "g2"]) await jobs.create(record({ ...REBALANCE, id }));
  await jobs.putShare("job", share(T1, "running"));
  clock.ns += 25n * 3600n * SECOND_NS;
  await look(keeper);
  expect(jobs.get("g1")).toBeNull();
  expect(jobs.get("g2")).not.toBeNull();
  for (const node of [T1, T2]) await jobs.putShare("job", share(node, "done"));
  await look(keeper);
  expect(jobs.get("job")?.record.end?.aborted).toBe(true);
  await keeper[Symbol.asyncDispose]();
});

test("what is older than a day is forgotten", async () => {
  const { jobs, clock, keeper } = await setUp();
  await jobs.create(record({ id: "old", end: { timeNs: "5", aborted: false, error: "" } }));
  clock.ns = 25n * 3600n * SECOND_NS;
  await jobs.create(
    record({ id: "recent", end: { timeNs: clock.ns.toString(), aborted: false, error: "" } }),
  );
  await look(keeper);
  expect(jobs.list().map((entry) => entry.record.id)).toEqual(["recent"]);
  await keeper[Symbol.asyncDispose]();
});

test("a node in maintenance that does not run is missed, though the cluster map has it", async () => {
  const { proxy, jobs, clock, keeper } = await setUp();
  const { member } = proxy;
  const { smap, rmd } = member.coordinated;
  const gone = { ...(smap.tmap[T2] ?? member.self), flags: 4 };
  member.coordinated = {
    ...member.coordinated,
    smap: { ...smap, tmap: { ...smap.tmap, [T2]: gone } },
    rmd: withNode(rmd, T2, outOfServiceState(gone, { final: true })),
  };
  member.snapshot = member.coordinated;
  await jobs.create(
    record({ kind: "rebalance", args: { smapVersion: "7", goal: "", active: [T1], leaving: [T2] } }),
  );
  await jobs.putShare("job", share(T1, "done"));
  // It is asked whether it is there, which takes its time: the clock goes on with every look.
  for (let look = 0; look < 200 && jobs.get("job")?.record.end === null; look++) {
    keeper.trigger();
    await Bun.sleep(20);
    clock.ns += 2n * SECOND_NS;
  }
  expect(jobs.get("job")?.record.end).toMatchObject({ aborted: true, error: `t[${T2}] left the cluster` });
  await keeper[Symbol.asyncDispose]();
});
