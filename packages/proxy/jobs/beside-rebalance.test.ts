/** A job and a rebalance that begin in one moment, at two proxies over one coordinator. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@ais/base/clock.ts";
import { silentLogger } from "@ais/base/log.ts";
import type { Coordinator } from "@ais/cluster/coordinator/coordinator.ts";
import { openCoordinator } from "@ais/cluster/coordinator/open.ts";
import { CoordinatedJobs } from "@ais/cluster/jobs/coordinated-jobs.ts";
import { type JobShare, NO_STATS, NOTHING_AHEAD } from "@ais/cluster/jobs/job-record.ts";
import { loadHrw } from "@ais/hrw/hrw.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import type { JobKind } from "@ais/wire/jobs/job-kinds.ts";
import { fakeNode } from "../fixtures/fake-member.ts";
import { FakeProxy, textOf } from "../fixtures/fake-proxy.ts";
import { startRebalance } from "../membership/rebalance.ts";
import { MembershipTransactions } from "../membership/transactions.ts";
import type { ProxyServices } from "../services.ts";
import { startJob } from "./start-job.ts";

const CALL = { span: NOOP_SPAN };
const FROM = { bucket: aisBucket("nnn"), bid: "1" };

let directory: string;
let stack: AsyncDisposableStack;
/** What happens elsewhere just before a key is written, once. */
let before: Map<string, () => Promise<unknown>>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "beside-"));
  stack = new AsyncDisposableStack();
  stack.defer(() => rm(directory, { recursive: true }));
  before = new Map();
});

afterEach(() => stack.disposeAsync());

/** The coordinator is a real one; its writes can be held up. */
async function proxyServices(): Promise<ProxyServices> {
  const real = stack.use(await openCoordinator(`sqlite:${join(directory, "cluster.db")}`));
  const held: Coordinator = Object.create(real, {
    get: { value: real.get.bind(real) },
    list: { value: real.list.bind(real) },
    watch: { value: real.watch.bind(real) },
    revision: { value: real.revision.bind(real) },
    put: {
      value: async (...args: Parameters<Coordinator["put"]>) => {
        const step = [...before].find(([prefix]) => args[0].startsWith(prefix));
        if (step !== undefined) {
          before.delete(step[0]);
          await step[1]();
        }
        return real.put(...args);
      },
    },
  });
  const jobs = stack.use(new CoordinatedJobs(held, silentLogger));
  const targets = ["t1", "t2"].map((id, index) =>
    fakeNode(id, "target", "http://127.0.0.1:1", BigInt(index + 1)),
  );
  const { services } = await FakeProxy.create({ targets });
  const membership = new MembershipTransactions();
  return { ...services, jobs, clock: systemClock, hrw: await loadHrw(), membership };
}

function start(kind: JobKind, services: ProxyServices): Promise<string> {
  return startJob({ kind, from: FROM, to: FROM, description: "", args: null }, CALL, services);
}

const KINDS: readonly JobKind[] = ["move-bck", "copy-bck", "copy-listrange"];

test.each(KINDS)("a %s that is registered while a rebalance begins is aborted by it", async (kind) => {
  const primary = await proxyServices();
  const other = await proxyServices();
  let id = "";
  before.set("jobs/g1", async () => {
    id = await start(kind, other);
  });
  expect(await startRebalance("test", CALL, primary)).toBe("g1");
  expect(id).not.toBe("");
  expect((await primary.jobs.refresh(id))?.record.stop?.reason).toBe("aborted by a rebalance");
});

test.each(KINDS)("a %s that a rebalance overtakes on the way to the coordinator gives way", async (kind) => {
  const primary = await proxyServices();
  const other = await proxyServices();
  before.set("jobs/", () => startRebalance("test", CALL, primary));
  const id = await start(kind, other);
  const { record } = (await primary.jobs.refresh(id)) ?? {};
  expect(record?.stop?.reason).toBe("aborted by a rebalance");
  expect(record?.afterRebalance).toBe(0);
});

test("a job is refused for a rebalance that this proxy has not heard of, and starts once that is over", async () => {
  const primary = await proxyServices();
  const other = await proxyServices();
  await startRebalance("test", CALL, primary);
  // Its watch has delivered nothing.
  const deaf = { ...other, jobs: Object.create(other.jobs, { list: { value: () => [] } }) };
  deaf.jobs.reload = other.jobs.reload.bind(other.jobs);
  await expect(start("move-bck", deaf)).rejects.toMatchObject({ code: "conflict" });
  const end = { timeNs: "5", aborted: false, error: "" };
  await primary.jobs.update("g1", (record) => ({ ...record, end }));
  const id = await start("move-bck", other);
  expect((await primary.jobs.refresh(id))?.record).toMatchObject({ stop: null, afterRebalance: 1 });
});

test("a deletion runs beside a rebalance, and remembers that it has to go over its objects again", async () => {
  const services = await proxyServices();
  const before = await start("delete-listrange", services);
  await startRebalance("test", CALL, services);
  const beside = await start("delete-listrange", services);
  const end = { timeNs: "5", aborted: false, error: "" };
  await services.jobs.update("g1", (record) => ({ ...record, end }));
  const after = await start("delete-listrange", services);
  const met = [before, beside, after].map((id) => services.jobs.get(id)?.record);
  expect(met.map((record) => record?.stop)).toEqual([null, null, null]);
  expect(met.map((record) => record?.afterRebalance)).toEqual([0, 0, 1]);
});

test("a job whose work was over before the rebalance began is left alone", async () => {
  const services = await proxyServices();
  const done = await start("copy-listrange", services);
  const halfDone = await start("copy-bck", services);
  await services.jobs.putShare(done, share("t1", "idle"));
  await services.jobs.putShare(done, share("t2", "idle"));
  await services.jobs.putShare(halfDone, share("t1", "done"));
  await startRebalance("test", CALL, services);
  expect(services.jobs.get(done)?.record).toMatchObject({ stop: null, afterRebalance: 1 });
  expect(services.jobs.get(halfDone)?.record.stop?.reason).toBe("aborted by a rebalance");
});

function share(nodeId: string, state: JobShare["state"]): JobShare {
  return {
    nodeId,
    state,
    startedNs: "2",
    endedNs: "3",
    runs: 1,
    stats: NO_STATS,
    ahead: NOTHING_AHEAD,
    cursor: "",
    waitingFor: "",
    error: "",
    result: null,
  };
}

test.each(["move-bck", "copy-bck"])(
  "a %s that is refused leaves no bucket behind, and none marked",
  async (action) => {
    const proxy = await FakeProxy.create();
    const services = { ...proxy.services, clock: systemClock, hrw: await loadHrw() };
    const membership = new MembershipTransactions();
    const args = { smapVersion: "7", goal: "", active: [], leaving: [] };
    const job = { kind: "rebalance", from: null, to: null, description: "", args, id: "g1" } as const;
    await startJob(job, CALL, { ...services, membership });
    const { bmd } = proxy.member.coordinated;
    const body = { action, name: "", value: null };
    const reply = await proxy.send("POST", "/v1/buckets/nnn?bck_to=ais/@%23/new/", { body });
    expect(reply.status).toBe(409);
    expect(textOf(reply)).toContain("rebalance[g1] is currently running");
    expect(proxy.member.coordinated.bmd).toBe(bmd);
  },
);
