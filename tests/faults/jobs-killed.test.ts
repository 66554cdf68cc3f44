/**
 * kill -9 of a target in the middle of those jobs that are done in no time otherwise: cleanup, eviction, summaries and
 * listings. A slow index, or a target that stands still, holds them up until it is killed.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import type { Daemon } from "@ais/testkit/daemon.ts";
import { FaultsFile } from "@ais/testkit/faults.ts";
import { ClusterClient, idOf, untilUnderWay } from "../integration/cluster.fixture.ts";
import {
  contentOf,
  getWithBody,
  JobClient,
  numbered,
  type Snap,
  until,
} from "../integration/jobs.fixture.ts";

const COUNT = 240;
const names = numbered("o-", COUNT);
/** A hundredth of the objects takes longer than a test needs to look. */
const SLOW_COMMIT = { operation: "commit", delayMs: 150 };
const faults = new FaultsFile();
/** Where a test waits for a dead node to leave the cluster map. */
const SHORT_LEASE_TTL = "4s";
/** Beyond the index's own objects, so that eviction gives space back. */
const large = (name: string): Buffer<ArrayBuffer> => Buffer.alloc(20_000, name);

let cluster: TestCluster;
let jobs: JobClient;

beforeAll(async () => {
  cluster = await TestCluster.start({ targets: 3, env: faults.env });
  jobs = new JobClient(cluster);
}, 60_000);

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  faults[Symbol.dispose]();
});

async function restart(daemon: Daemon): Promise<void> {
  await daemon.end("SIGKILL");
  faults.clear();
  daemon.start();
  await daemon.ready();
  await cluster.complete();
}

/** When its share of the job is under way, which faults hold up until then. */
async function killInTheMiddle(id: string, doneCount: number): Promise<void> {
  const daemon = must(cluster.targets[1], "target");
  await untilUnderWay(daemon, id, doneCount);
  await restart(daemon);
}

async function expectResumed(id: string): Promise<readonly Snap[]> {
  const snaps = await jobs.snaps({ id });
  expect(snaps.map((snap) => [snap.is_idle, snap.aborted])).toEqual([1, 2, 3].map(() => [true, false]));
  expect(snaps.filter(({ ctlmsg }) => ctlmsg?.includes("resumed after a restart"))).toHaveLength(1);
  return snaps;
}

function objectsOf(snaps: readonly Snap[]): number {
  return snaps.reduce((sum, { stats }) => sum + Number(stats["loc-objs"]), 0);
}

test("cleanup-store removes the rest of a dead bucket after the restart, and nothing of a living one", async () => {
  for (const bucket of ["dead", "alive"]) {
    await jobs.create(bucket);
    await jobs.fill(bucket, names, contentOf);
  }
  // The whole of a share is one commit.
  faults.set({ operation: "commit", holds: true });
  expect((await jobs.act("DELETE", "/v1/buckets/dead", "destroy-bck")).status).toBe(200);
  const id = await jobs.job("PUT", "/v1/cluster", "start", { Kind: "cleanup-store" });
  await killInTheMiddle(id, 0);
  expect(await jobs.wait(id)).toMatchObject({ aborted: false, err: "" });
  await expectResumed(id);
  expect(await jobs.names("alive")).toEqual([...names]);
  expect(await jobs.wrong("alive", names, contentOf)).toEqual([]);
  // As many files as the living bucket has objects that are no part of the index.
  const files = names.filter((name) => contentOf(name).length > 16_384).length;
  expect(objectFiles()).toBe(files);
}, 90_000);

function objectFiles(): number {
  const paths = cluster.targets.flatMap(({ plan }) =>
    readdirSync(join(plan.directory, "mp1"), { recursive: true }).map(String),
  );
  return paths.filter((path) => /objects\/[^/]+\/[^/]+$/.test(path)).length;
}

const { blocks, bavail } = statfsSync(tmpdir());
const usedPercent = ((blocks - bavail) * 100) / blocks;
const evictsNothing = usedPercent < 6;
if (evictsNothing) console.log(`lru is skipped: only ${usedPercent}% of the disk are used`);

test.skipIf(evictsNothing)(
  "lru goes on with what is left of a forced bucket",
  async () => {
    const marks = { cleanupwm: 1, lowwm: 2, highwm: 3, out_of_space: 99 };
    const query = Object.entries(marks).map(([name, value]) => `space.${name}=${value}`);
    const path = `${cluster.url}/v1/cluster/set-config?${query.join("&")}`;
    expect((await fetch(path, { method: "PUT" })).status).toBe(200);
    for (const bucket of ["cache", "store"]) {
      await jobs.create(bucket);
      const longAgo = String((BigInt(Date.now()) - 1_000n * 3_600_000n) * 1_000_000n);
      for (const name of names) {
        const url = `${cluster.url}/v1/objects/${bucket}/${name}`;
        const reply = await fetch(url, {
          method: "PUT",
          body: large(name),
          headers: { "Ais-Atime": longAgo },
        });
        expect(reply.status).toBe(200);
      }
    }
    faults.set(SLOW_COMMIT);
    const buckets = [{ name: "cache", provider: "ais", namespace: { uuid: "", name: "" } }];
    const id = await jobs.job("PUT", "/v1/cluster", "start", { Kind: "lru", Buckets: buckets, Force: true });
    await killInTheMiddle(id, 5);
    expect(await jobs.wait(id)).toMatchObject({ aborted: false, err: "" });
    const snaps = await expectResumed(id);
    expect(await jobs.names("cache")).toEqual([]);
    expect(await jobs.wrong("store", names, large)).toEqual([]);
    // Never more than there were; the killed target says that it may have done more than it knows.
    expect(objectsOf(snaps)).toBeLessThanOrEqual(COUNT);
    expect(objectsOf(snaps)).toBeGreaterThanOrEqual(COUNT / 2);
    expect(snaps.filter(({ ctlmsg }) => ctlmsg?.includes("may leave out"))).toHaveLength(1);
  },
  90_000,
);

test("a summary counts every object once, though a target dies before it has counted its own", async () => {
  await jobs.create("sum");
  await jobs.fill("sum", names, contentOf);
  const ask = (uuid: string) => {
    const value = { uuid, prefix: "" };
    return getWithBody(`${cluster.url}/v1/buckets/sum`, { action: "summary-bck", name: "", value });
  };
  const daemon = must(cluster.targets[1], "target");
  daemon.pause();
  const { status, text: id } = await ask("");
  expect(status).toBe(202);
  await until(30_000, "two of three parts", async () => ((await ask(id)).status === 206 ? true : null));
  await restart(daemon);
  const whole = await until(30_000, "the summary", async () => {
    const reply = await ask(id);
    expect([202, 206, 200]).toContain(reply.status);
    return reply.status === 200 ? reply.text : null;
  });
  const bytes = names.reduce((sum, name) => sum + contentOf(name).length, 0);
  expect(JSON.parse(whole)).toMatchObject([
    { ObjCount: { obj_count_present: String(COUNT) }, TotalSize: { size_all_present_objs: String(bytes) } },
  ]);
}, 60_000);

test("a listing goes on after the restart: no page leaves out what the target has", async () => {
  const page = async (token: string) => {
    const value = { prefix: "", pagesize: 20, continuation_token: token, props: "name" };
    return getWithBody(`${cluster.url}/v1/buckets/sum`, { action: "list", name: "", value });
  };
  const daemon = must(cluster.targets[1], "target");
  const listed: string[] = [];
  let token = "";
  let refused = 0;
  for (let count = 0; count === 0 || token !== ""; count++) {
    if (count === 3) await daemon.end("SIGKILL");
    const { status, text } = await page(token);
    if (status === 200) {
      const reply = JSON.parse(text) as {
        readonly entries: readonly { readonly name: string }[];
        readonly continuation_token: string;
      };
      listed.push(...reply.entries.map(({ name }) => name));
      token = reply.continuation_token;
      continue;
    }
    refused++;
    expect(status).toBe(503);
    daemon.start();
    await daemon.ready();
    await cluster.complete();
  }
  expect(refused).toBe(1);
  expect(listed).toEqual([...names]);
}, 60_000);

test("a job goes on while the primary proxy dies, and ends under another one", async () => {
  await using other = await TestCluster.start({
    targets: 2,
    proxies: 2,
    env: faults.env,
    leaseTtl: SHORT_LEASE_TTL,
  });
  const client = new JobClient(other);
  await client.create("src");
  await client.fill("src", names, contentOf);
  const primaryUrl = async (url: string): Promise<string | null> => {
    const smap = (await (await fetch(`${url}/v1/daemon?what=smap`)).json()) as {
      readonly proxy_si: { readonly public_net: { readonly direct_url: string } } | null;
    };
    return smap.proxy_si?.public_net.direct_url ?? null;
  };
  const firstUrl = await primaryUrl(other.url);
  const isPrimary = ({ url }: Daemon): boolean => url === firstUrl;
  const primary = must(other.proxies.find(isPrimary), "primary");
  const second = must(
    other.proxies.find((proxy) => !isPrimary(proxy)),
    "the other proxy",
  );
  let id: string;
  {
    using _slow = faults.set(SLOW_COMMIT);
    id = await client.job("POST", "/v1/buckets/src?bck_to=ais/@%23/dst/", "copy-bck", { "num-workers": 1 });
    await primary.end("SIGKILL");
    await until(30_000, "another primary", async () =>
      (await primaryUrl(second.url)) === second.url ? true : null,
    );
  }
  primary.start();
  await primary.ready();
  expect(await client.wait(id)).toMatchObject({ aborted: false, err: "" });
  expect(await client.names("dst")).toEqual([...names]);
  expect(objectsOf(await client.snaps({ id }))).toBe(COUNT);
}, 90_000);

test("a job whose bucket is destroyed in the middle says so, and what it has copied is whole", async () => {
  await jobs.create("doomed");
  await jobs.fill("doomed", names, contentOf);
  let id: string;
  {
    using _slow = faults.set(SLOW_COMMIT);
    const value = { "num-workers": 1 };
    id = await jobs.job("POST", "/v1/buckets/doomed?bck_to=ais/@%23/rest/", "copy-bck", value);
    await until(30_000, "some copies", async () => (objectsOf(await jobs.snaps({ id })) > 5 ? true : null));
    expect((await jobs.act("DELETE", "/v1/buckets/doomed", "destroy-bck")).status).toBe(200);
  }
  expect(await jobs.wait(id)).toMatchObject({
    aborted: true,
    err: expect.stringContaining('bucket "ais://doomed" does not exist'),
  });
  const copied = await jobs.names("rest");
  expect(copied.length).toBeLessThan(COUNT);
  expect(await jobs.wrong("rest", copied, contentOf)).toEqual([]);
  // An object may have been copied whose target had no time to count it.
  expect(copied.length - objectsOf(await jobs.snaps({ id }))).toBeLessThanOrEqual(12);
}, 60_000);

/** No rebalance runs, and none begins by itself, which would abort the jobs. */
async function settled(client: JobClient, url: string): Promise<void> {
  const reply = await fetch(`${url}/v1/cluster/set-config?rebalance.enabled=false`, { method: "PUT" });
  expect(reply.status).toBe(200);
  await until(20_000, "no rebalance", async () => {
    const { json } = await client.query("running_all", { kind: "rebalance" });
    return (json as readonly string[]).length === 0 ? true : null;
  });
}

/** The cluster map has lost the target, and its objects are nowhere else: what is done without them is not the whole. */
describe("beginning while a target is away, the job waits for it", () => {
  let other: TestCluster;
  let client: JobClient;

  beforeAll(async () => {
    other = await TestCluster.start({ targets: 3, leaseTtl: SHORT_LEASE_TTL });
    client = new JobClient(other);
    await settled(client, other.url);
  }, 60_000);

  afterAll(() => other?.[Symbol.asyncDispose]());

  test.each([
    ["move-bck", "POST", "/v1/buckets/away-move-bck?bck_to=ais/@%23/moved/", null, ["moved", names]],
    ["copy-bck", "POST", "/v1/buckets/away-copy-bck?bck_to=ais/@%23/copied/", {}, ["copied", names]],
    [
      "delete-listrange",
      "DELETE",
      "/v1/buckets/away-delete-listrange",
      { template: "o-" },
      ["away-delete-listrange", []],
    ],
  ] as const)(
    "%s",
    async (kind, method, path, value, [bucket, left]) => {
      await client.create(`away-${kind}`);
      await client.fill(`away-${kind}`, names, contentOf);
      const daemon = must(other.targets[1], "target");
      await daemon.end("SIGKILL");
      await other.complete(2);
      const id = await client.job(method, path, kind, value);
      await Bun.sleep(2000);
      expect(await client.status(id)).toMatchObject({ end_time: 0 });
      daemon.start();
      await daemon.ready();
      await other.complete();
      expect(await client.wait(id)).toMatchObject({ aborted: false, err: "" });
      expect(await client.names(bucket)).toEqual([...left]);
      expect(await client.wrong(bucket, left, contentOf)).toEqual([]);
    },
    90_000,
  );
});

test("a bucket is renamed with what a node in maintenance has kept", async () => {
  await using other = await TestCluster.start({ targets: 2 });
  const client = new ClusterClient(other);
  await client.create("old");
  await client.fill("old", names, contentOf);
  await settled(client, other.url);
  await client.changeNode("start-maintenance", await idOf(must(other.targets[0], "target")), {
    skip_rebalance: true,
  });
  const id = await client.job("POST", "/v1/buckets/old?bck_to=ais/@%23/new/", "move-bck");
  expect(await client.wait(id)).toMatchObject({ aborted: false, err: "" });
  expect(await client.names("new")).toEqual([...names]);
  expect(await client.wrong("new", names, contentOf)).toEqual([]);
}, 90_000);

test("a rename leaves nothing behind of what is read, and so moved, while it goes on", async () => {
  await using other = await TestCluster.start({ targets: 2, env: faults.env });
  const client = new ClusterClient(other);
  await client.create("old");
  await client.fill("old", names, contentOf);
  await settled(client, other.url);
  await client.changeNode("start-maintenance", await idOf(must(other.targets[0], "target")), {
    skip_rebalance: true,
  });
  let id: string;
  let held = 0;
  {
    using _slow = faults.set(SLOW_COMMIT);
    id = await client.job("POST", "/v1/buckets/old?bck_to=ais/@%23/new/", "move-bck");
    await Promise.all(
      [...names].reverse().map(async (name) => {
        const { status } = await fetch(`${other.url}/v1/objects/old/${name}`);
        // The bucket may have gone, or the object waits for the job.
        expect([200, 404, 503]).toContain(status);
        if (status === 503) held++;
      }),
    );
  }
  expect(held).toBeGreaterThan(0);
  expect(await client.wait(id)).toMatchObject({ aborted: false, err: "" });
  expect(await client.names("new")).toEqual([...names]);
  expect(await client.wrong("new", names, contentOf)).toEqual([]);
}, 90_000);
