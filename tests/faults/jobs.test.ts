/** kill -9 of a target in the middle of jobs: what they say at the end is true, nothing is lost and nothing half copied. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { SeededRandom } from "@ais/testkit/random.ts";
import {
  contentOf,
  getWithBody,
  JobClient,
  numbered,
  type Snap,
  until,
} from "../integration/jobs.fixture.ts";

const COUNT = 900;
const names = numbered("dir/o-", COUNT);
const random = new SeededRandom();

let cluster: TestCluster;
let jobs: JobClient;

beforeAll(async () => {
  console.log(`seed ${random.seed}`);
  cluster = await TestCluster.start({ targets: 3 });
  jobs = new JobClient(cluster);
  await jobs.create("src");
  await jobs.fill("src", names, contentOf);
}, 60_000);

afterAll(() => cluster?.[Symbol.asyncDispose]());

/** Kills a target while it works on the job, and starts it again after a while. */
async function killInTheMiddle(id: string, awayMs: number): Promise<void> {
  const daemon = must(cluster.targets[random.integer(0, 2)], "target");
  const goal = random.integer(5, 60);
  for (let done = 0; done < goal; await Bun.sleep(5)) {
    const reply = await fetch(`${daemon.url}/v1/daemon?what=getxstats&uuid=${id}`);
    if (reply.status !== 200) continue;
    const snap = (await reply.json()) as Snap;
    // Otherwise it is too late to kill it in the middle.
    expect(snap["end-time"]).toBe("0001-01-01T00:00:00Z");
    done = Number(snap.stats["loc-objs"]);
  }
  await daemon.end("SIGKILL");
  await Bun.sleep(awayMs);
  daemon.start();
  await daemon.ready();
  await cluster.complete();
}

/**
 * Every target's share is over, the one that was killed says that it was, and together they say how many objects were done:
 * none is counted twice, and none is left out.
 */
async function expectResumed(id: string, doneCount: number): Promise<void> {
  const snaps = await jobs.snaps({ id });
  expect(snaps).toHaveLength(3);
  expect(snaps.every((snap) => snap.is_idle)).toBe(true);
  expect(snaps.reduce((sum, { stats }) => sum + Number(stats["loc-objs"]), 0)).toBe(doneCount);
  expect(snaps.filter((snap) => snap.ctlmsg?.includes("resumed after a restart"))).toHaveLength(1);
}

test.each([
  ["back at once", 0],
  ["away until the cluster map has lost it", 6000],
])(
  "copy-bck with a target killed and %s",
  async (what, awayMs) => {
    const bucket = `copy-${awayMs}`;
    const id = await jobs.job("POST", `/v1/buckets/src?bck_to=ais/@%23/${bucket}/`, "copy-bck", {
      "num-workers": 1,
    });
    await killInTheMiddle(id, awayMs);
    expect(await jobs.wait(id, 60_000)).toMatchObject({ aborted: false, err: "" });
    expect([what, await jobs.names(bucket)]).toEqual([what, [...names]]);
    expect(await jobs.wrong(bucket, names, contentOf)).toEqual([]);
    await expectResumed(id, COUNT);
  },
  90_000,
);

test("delete-listrange with a target killed deletes all that was meant and nothing else", async () => {
  await jobs.create("del");
  await jobs.fill("del", [...names, "keep/1", "keep/2"], contentOf);
  const id = await jobs.job("DELETE", "/v1/buckets/del", "delete-listrange", {
    template: "dir/",
    "num-workers": 1,
  });
  await killInTheMiddle(id, 0);
  expect(await jobs.wait(id, 60_000)).toMatchObject({ aborted: false, err: "" });
  expect(await jobs.names("del")).toEqual(["keep/1", "keep/2"]);
  expect(await jobs.wrong("del", ["keep/1", "keep/2"], contentOf)).toEqual([]);
  await expectResumed(id, COUNT);
}, 90_000);

test("copy-listrange with a target killed copies what the template names", async () => {
  const wanted = names.slice(0, 600);
  const id = await jobs.job("POST", "/v1/buckets/src", "copy-listrange", {
    tobck: { name: "some", provider: "ais", namespace: { uuid: "", name: "" } },
    template: "dir/o-{0000..0599}",
    "num-workers": 1,
  });
  await killInTheMiddle(id, 0);
  expect(await jobs.wait(id, 60_000)).toMatchObject({ aborted: false, err: "" });
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
  for (const each of [cleanup, lru])
    expect(await jobs.wait(each, 60_000)).toMatchObject({ aborted: false, err: "" });
  const whole = await until(30_000, "the summary", async () => {
    const reply = await summary(id);
    return reply.status === 200 ? reply.text : null;
  });
  expect(JSON.parse(whole)).toMatchObject([{ name: "sum", ObjCount: { obj_count_present: "300" } }]);
}, 90_000);

test("move-bck with a target killed moves every object once", async () => {
  await jobs.create("old");
  await jobs.fill("old", names, contentOf);
  const id = await jobs.job("POST", "/v1/buckets/old?bck_to=ais/@%23/moved/", "move-bck");
  await killInTheMiddle(id, 0);
  expect(await jobs.wait(id, 60_000)).toMatchObject({ aborted: false, err: "" });
  expect((await fetch(`${cluster.url}/v1/buckets/old`, { method: "HEAD" })).status).toBe(404);
  expect(await jobs.names("moved")).toEqual([...names]);
  expect(await jobs.wrong("moved", names, contentOf)).toEqual([]);
  await expectResumed(id, COUNT);
}, 90_000);

test("an aborted move leaves the old bucket whole and open", async () => {
  await jobs.create("stay");
  await jobs.fill("stay", names, contentOf);
  const id = await jobs.job("POST", "/v1/buckets/stay?bck_to=ais/@%23/gone/", "move-bck");
  const target = must(cluster.targets[0], "target");
  await target.end("SIGKILL");
  expect((await jobs.act("PUT", "/v1/cluster", "stop", { ID: id, Kind: "" })).status).toBe(200);
  const status = await jobs.wait(id, 60_000);
  expect(status).toMatchObject({ aborted: true, err: "user abort" });
  target.start();
  await target.ready();
  await cluster.complete();
  expect(await jobs.names("stay")).toEqual([...names]);
  expect(await jobs.wrong("stay", names, contentOf)).toEqual([]);
  expect(await jobs.put("stay", "after", "x")).toBe(200);
  // The job is over for the target that was away as well.
  expect((await jobs.query("running_all", { kind: "move-bck" })).json).toEqual([]);
  const copied = await jobs.names("gone");
  expect(await jobs.wrong("gone", copied, contentOf)).toEqual([]);
}, 90_000);

test("jobs and their figures are there after the whole cluster was restarted", async () => {
  const id = await jobs.job("POST", "/v1/buckets/src?bck_to=ais/@%23/again/", "copy-bck", {});
  await jobs.wait(id);
  // What arrives after a share's end is written a moment later.
  const before = await until(5000, "every arrival to be written", async () => {
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
