/** What `start` says of cleanup, eviction and rebalance is done, or refused: never accepted and left undone. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { JobClient } from "./jobs.fixture.ts";

const LONG_AGO = "1000000000";
const REMOVE_EMPTY = 1;
const KEEP_MISPLACED = 8;
const REMOVE_MISPLACED = 16;

let cluster: TestCluster;
let jobs: JobClient;

beforeAll(async () => {
  cluster = await TestCluster.start({ targets: 2 });
  jobs = new JobClient(cluster);
}, 60_000);

afterAll(() => cluster?.[Symbol.asyncDispose]());

const bck = (name: string) => ({ name, provider: "ais", namespace: { uuid: "", name: "" } });

async function put(bucket: string, name: string, body: string, atime: string): Promise<void> {
  const url = `${cluster.url}/v1/objects/${bucket}/${name}`;
  const reply = await fetch(url, { method: "PUT", body, headers: { "Ais-Atime": atime } });
  expect(reply.status).toBe(200);
}

test("a cleanup removes objects without content where it is told to, unless they are young", async () => {
  for (const bucket of ["one", "two", "three"]) {
    await jobs.create(bucket);
    await put(bucket, "empty", "", LONG_AGO);
    await put(bucket, "young", "", String(BigInt(Date.now()) * 1_000_000n));
    await put(bucket, "full", "x", LONG_AGO);
  }
  const start = async (value: object): Promise<void> => {
    const id = await jobs.job("PUT", "/v1/cluster", "start", { Kind: "cleanup-store", ...value });
    expect(await jobs.wait(id)).toMatchObject({ aborted: false, err: "" });
  };
  const left = async () => Promise.all(["one", "two", "three"].map((bucket) => jobs.names(bucket)));
  const all = ["empty", "full", "young"];
  await start({ flags: KEEP_MISPLACED, Force: true });
  expect(await left()).toEqual([all, all, all]);
  await start({ flags: REMOVE_EMPTY | KEEP_MISPLACED, Buckets: [bck("one"), bck("three")] });
  expect(await left()).toEqual([["full", "young"], all, ["full", "young"]]);
  await start({ flags: REMOVE_EMPTY });
  expect((await left())[1]).toEqual(["full", "young"]);
});

test("several buckets are named in the job, which belongs to one only where there is one", async () => {
  const buckets = [bck("one"), bck("two")];
  const id = await jobs.job("PUT", "/v1/cluster", "start", { Kind: "lru", Buckets: buckets, Force: true });
  await jobs.wait(id);
  const [snap] = await jobs.snaps({ id });
  expect(snap).toMatchObject({ ctlmsg: "buckets: ais://one, ais://two, force", bck: { name: "" } });
  const single = await jobs.job("PUT", "/v1/cluster", "start", { Kind: "lru", Bck: bck("two") });
  await jobs.wait(single);
  expect((await jobs.snaps({ id: single }))[0]?.bck.name).toBe("two");
});

test.each([
  [{ Kind: "lru", Buckets: [bck("one"), bck("none")] }, 404, "none"],
  [{ Kind: "lru", Force: true }, 400, "named only"],
  [{ Kind: "lru", flags: REMOVE_EMPTY }, 400, "flags 1"],
  [{ Kind: "cleanup-store", flags: REMOVE_MISPLACED }, 400, "flags 16"],
  [{ Kind: "rebalance", Bck: bck("one") }, 501, "some buckets"],
  [{ Kind: "rebalance", flags: REMOVE_MISPLACED }, 501, "only removes misplaced"],
])("start %j is refused with %i", async (value, status, text) => {
  const before = (await jobs.query("status_all")).json as readonly unknown[];
  const reply = await jobs.act("PUT", "/v1/cluster", "start", value);
  expect([reply.status, await reply.text()]).toEqual([status, expect.stringContaining(text)]);
  expect((await jobs.query("status_all")).json as readonly unknown[]).toHaveLength(before.length);
});
