/** kill -9 of a target in the middle of jobs: what they say at the end is true, nothing is lost and nothing half copied. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { FaultsFile } from "@ais/testkit/faults.ts";
import { SeededRandom } from "@ais/testkit/random.ts";
import { untilUnderWay } from "../integration/cluster.fixture.ts";
import { contentOf, getWithBody, JobClient, numbered, until } from "../integration/jobs.fixture.ts";

const COUNT = 900;
const names = numbered("dir/o-", COUNT);
const random = new SeededRandom();
const faults = new FaultsFile();
/** By which no share ends before it is killed. */
const SLOW_COMMIT = { operation: "commit", delayMs: 15 };

let cluster: TestCluster;
let jobs: JobClient;

beforeAll(async () => {
  console.log(`seed ${random.seed}`);
  cluster = await TestCluster.start({ targets: 3, env: faults.env });
  jobs = new JobClient(cluster);
  await jobs.create("src");
  await jobs.fill("src", names, contentOf);
}, 60_000);

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  faults[Symbol.dispose]();
});

/** Starts a job, kills a target while it works on it, and starts that again: at once, or when the cluster map has lost it. */
async function killInTheMiddle(
  start: () => Promise<string>,
  { of = cluster, isLost = false } = {},
): Promise<string> {
  const daemon = must(of.targets[random.integer(0, 2)], "target");
  let id: string;
  {
    using _slow = faults.set(SLOW_COMMIT);
    id = await start();
    await untilUnderWay(daemon, id, random.integer(5, 60));
    await daemon.end("SIGKILL");
  }
  if (isLost) await of.complete(2);
  daemon.start();
  await daemon.ready();
  await of.complete();
  return id;
}

/**
 * Every target's share is over, the one that was killed says that it was, and together they say how many objects were done:
 * none is counted twice, and none is left out.
 */
async function expectResumed(id: string, doneCount: number, client = jobs): Promise<void> {
  const snaps = await client.snaps({ id });
  expect(snaps).toHaveLength(3);
  expect(snaps.every((snap) => snap.is_idle)).toBe(true);
  expect(snaps.reduce((sum, { stats }) => sum + Number(stats["loc-objs"]), 0)).toBe(doneCount);
  expect(snaps.filter((snap) => snap.ctlmsg?.includes("resumed after a restart"))).toHaveLength(1);
}

test("copy-bck with a target killed and back at once", async () => {
  const path = "/v1/buckets/src?bck_to=ais/@%23/copied/";
  const id = await killInTheMiddle(() => jobs.job("POST", path, "copy-bck", { "num-workers": 1 }));
  expect(await jobs.wait(id)).toMatchObject({ aborted: false, err: "" });
  expect(await jobs.names("copied")).toEqual([...names]);
  expect(await jobs.wrong("copied", names, contentOf)).toEqual([]);
  await expectResumed(id, COUNT);
}, 90_000);

test("delete-listrange with a target killed deletes all that was meant and nothing else", async () => {
  await jobs.create("del");
  await jobs.fill("del", [...names, "keep/1", "keep/2"], contentOf);
  const value = { template: "dir/", "num-workers": 1 };
  const id = await killInTheMiddle(() => jobs.job("DELETE", "/v1/buckets/del", "delete-listrange", value));
  expect(await jobs.wait(id)).toMatchObject({ aborted: false, err: "" });
  expect(await jobs.names("del")).toEqual(["keep/1", "keep/2"]);
  expect(await jobs.wrong("del", ["keep/1", "keep/2"], contentOf)).toEqual([]);
  await expectResumed(id, COUNT);
}, 90_000);

test("copy-listrange with a target killed copies what the template names", async () => {
  const wanted = names.slice(0, 600);
  const value = {
    tobck: { name: "some", provider: "ais", namespace: { uuid: "", name: "" } },
    template: "dir/o-{0000..0599}",
    "num-workers": 1,
  };
  const id = await killInTheMiddle(() => jobs.job("POST", "/v1/buckets/src", "copy-listrange", value));
  expect(await jobs.wait(id)).toMatchObject({ aborted: false, err: "" });
  expect(await jobs.names("some")).toEqual([...wanted]);
  expect(await jobs.wrong("some", wanted, contentOf)).toEqual([]);
  await expectResumed(id, wanted.length);
}, 90_000);

/** Jobs that are done in no time: here they begin while a target is away, whose share waits for it. */
test("summary, cleanup and lru that begin without one of their targets end when it is back", async () => {
  await jobs.create("sum");
  await jobs.fill("sum", names.slice(0, 300), contentOf);
  await jobs.create("dead");
  await jobs.fill("dead", names.slice(0, 100), contentOf);
  const daemon = must(cluster.targets[1], "target");
  await daemon.end("SIGKILL");
  expect((await jobs.act("DELETE", "/v1/buckets/dead", "destroy-bck")).status).toBe(200);
  const cleanup = await jobs.job("PUT", "/v1/cluster", "start", { Kind: "cleanup-store" });
  const lru = await jobs.job("PUT", "/v1/cluster", "start", { Kind: "lru" });
  const summary = async (uuid: string): Promise<{ readonly status: number; readonly text: string }> =>
    getWithBody(`${cluster.url}/v1/buckets/sum`, {
      action: "summary-bck",
      name: "",
      value: { uuid, prefix: "" },
    });
  const { status, text: id } = await summary("");
  expect(status).toBe(202);
  expect([202, 206]).toContain((await summary(id)).status);
  daemon.start();
  await daemon.ready();
  await cluster.complete();
  for (const each of [cleanup, lru]) expect(await jobs.wait(each)).toMatchObject({ aborted: false, err: "" });
  const whole = await until(30_000, "the summary", async () => {
    const reply = await summary(id);
    return reply.status === 200 ? reply.text : null;
  });
  expect(JSON.parse(whole)).toMatchObject([{ name: "sum", ObjCount: { obj_count_present: "300" } }]);
}, 90_000);

test("move-bck with a target killed moves every object once", async () => {
  await jobs.create("old");
  await jobs.fill("old", names, contentOf);
  const path = "/v1/buckets/old?bck_to=ais/@%23/moved/";
  const id = await killInTheMiddle(() => jobs.job("POST", path, "move-bck"));
  expect(await jobs.wait(id)).toMatchObject({ aborted: false, err: "" });
  expect((await fetch(`${cluster.url}/v1/buckets/old`, { method: "HEAD" })).status).toBe(404);
  expect(await jobs.names("moved")).toEqual([...names]);
  expect(await jobs.wrong("moved", names, contentOf)).toEqual([]);
  await expectResumed(id, COUNT);
}, 90_000);

test("jobs and their figures are there after the whole cluster was restarted", async () => {
  const id = await jobs.job("POST", "/v1/buckets/src?bck_to=ais/@%23/again/", "copy-bck", {});
  await jobs.wait(id);
  // What arrives after a share's end is written a moment later.
  const before = await until(30_000, "every arrival to be written", async () => {
    const snaps = await jobs.snaps({ id });
    const sum = (name: string): number => snaps.reduce((total, { stats }) => total + Number(stats[name]), 0);
    return sum("in-objs") === sum("out-objs") ? snaps : null;
  });
  for (const daemon of cluster.daemons) await daemon.end("SIGKILL");
  for (const daemon of cluster.daemons) daemon.start();
  await Promise.all(cluster.daemons.map((daemon) => daemon.ready()));
  await cluster.complete();
  expect(await jobs.status(id)).toMatchObject({ uuid: id, aborted: false });
  expect(await jobs.snaps({ id })).toEqual([...before]);
}, 90_000);

describe("the cluster map loses the target", () => {
  let other: TestCluster;
  let client: JobClient;

  beforeAll(async () => {
    other = await TestCluster.start({ targets: 3, env: faults.env, leaseTtl: "4s" });
    client = new JobClient(other);
    await client.create("src");
    await client.fill("src", names, contentOf);
  }, 60_000);

  afterAll(() => other?.[Symbol.asyncDispose]());

  test("an aborted move leaves the old bucket whole and open", async () => {
    const target = must(other.targets[0], "target");
    let id: string;
    {
      using _slow = faults.set(SLOW_COMMIT);
      id = await client.job("POST", "/v1/buckets/src?bck_to=ais/@%23/gone/", "move-bck");
      await target.end("SIGKILL");
      expect((await client.act("PUT", "/v1/cluster", "stop", { ID: id, Kind: "" })).status).toBe(200);
    }
    expect(await client.wait(id)).toMatchObject({ aborted: true, err: "user abort" });
    target.start();
    await target.ready();
    await other.complete();
    expect(await client.names("src")).toEqual([...names]);
    expect(await client.wrong("src", names, contentOf)).toEqual([]);
    expect(await client.put("src", "after", "x")).toBe(200);
    // The job is over for the target that was away as well.
    expect((await client.query("running_all", { kind: "move-bck" })).json).toEqual([]);
    const copied = await client.names("gone");
    expect(await client.wrong("gone", copied, contentOf)).toEqual([]);
  }, 90_000);

  test("a copy waits for it", async () => {
    // That of the test before: no copy starts beside it, and one that started just before it would end.
    await until(30_000, "the rebalance after the return", async () => {
      const { json } = await client.query("status_all", { kind: "rebalance" });
      const ends = (json as readonly { readonly end_time: number }[]).map(({ end_time }) => end_time);
      return ends.length > 0 && ends.every((end) => end !== 0) ? true : null;
    });
    const path = "/v1/buckets/src?bck_to=ais/@%23/copied/";
    const value = { prefix: "dir/", "num-workers": 1 };
    const start = () => client.job("POST", path, "copy-bck", value);
    const id = await killInTheMiddle(start, { of: other, isLost: true });
    expect(await client.wait(id)).toMatchObject({ aborted: false, err: "" });
    expect(await client.names("copied")).toEqual([...names]);
    expect(await client.wrong("copied", names, contentOf)).toEqual([]);
    await expectResumed(id, COUNT, client);
  }, 90_000);
});
