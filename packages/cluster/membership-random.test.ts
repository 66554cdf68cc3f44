/** Random joins, leaves, cuts and updates. Prints its seed; `AIS_TEST_SEED` replays it. */
import { expect, test } from "bun:test";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import { listBuckets, withBucket } from "@ais/wire/bmd.ts";
import { defaultBprops } from "@ais/wire/bprops.ts";
import { defaultClusterConfig } from "@ais/wire/cluster-config.ts";
import { parseSmap } from "@ais/wire/smap.ts";
import { eventually, type RunningMember, smapText, TestCluster, testNode } from "./fixtures/test-cluster.ts";

const STEPS = 40;
const TTL_MS = 500;
const PROXIES = ["p1", "p2", "p3"];
const TARGETS = ["t1", "t2", "t3"];
const BUCKET_PROPS = defaultBprops(defaultClusterConfig(), { bid: 1n, createdNs: 1n });

test("whatever happens, versions grow by one, one node leads, no update is lost, and the Smap ends right", async () => {
  const seed = Number(process.env["AIS_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  process.stdout.write(`AIS_TEST_SEED=${seed}\n`);
  const random = generator(seed);
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
  await using cluster = new TestCluster();
  const live = new Map<string, RunningMember>();
  const buckets: string[] = [];
  const updates: Promise<unknown>[] = [];
  let leaders = 0;
  const timer = setInterval(() => {
    leaders = Math.max(leaders, [...live.values()].filter(({ member }) => member.isPrimary).length);
  }, 1);
  const versions = followSmapVersions(cluster);

  const join = async (id: string): Promise<void> => {
    const type = id.startsWith("p") ? "proxy" : "target";
    live.set(id, await cluster.create(testNode(type, id, 1000 + Number(id[1])), { leaseTtlMs: TTL_MS }));
  };
  const actions: readonly (() => unknown)[] = [
    async () => {
      const id = pick([...PROXIES, ...TARGETS].filter((candidate) => !live.has(candidate)));
      if (id !== undefined) await join(id);
    },
    async () => {
      // The bookkeeping comes first, so that a node on its way out is not counted among the leaders.
      const id = pick([...live.keys()]);
      const node = live.get(id ?? "");
      if (id === undefined || node === undefined || node.link.isCut || live.size < 3) return;
      live.delete(id);
      await node.stop();
    },
    () => pick([...live.values()])?.link.cut(),
    () => pick([...live.values()].filter(({ link }) => link.isCut))?.link.heal(),
    () => {
      const node = pick([...live.values()].filter(({ link }) => !link.isCut));
      const name = `bucket-${buckets.length}`;
      if (node === undefined) return;
      const update = node.member.updateBmd(
        (bmd) => withBucket(bmd, aisBucket(name), BUCKET_PROPS),
        NOOP_SPAN,
      );
      // A cut in the middle refuses it; what was acknowledged must be there in the end.
      updates.push(
        update.then(
          () => buckets.push(name),
          () => undefined,
        ),
      );
    },
    () => Bun.sleep(random() * 200),
  ];

  await join("p1");
  for (let step = 0; step < STEPS; step++) await pick(actions)?.();
  for (const { link } of live.values()) link.heal();
  if (![...live.keys()].some((id) => id.startsWith("p"))) await join("p1");
  await Promise.all(updates);

  const ids = [...live.keys()].sort();
  const wanted = (): string => ids.map((id) => (live.get(id)?.member.isPrimary ? `${id}*` : id)).join(" ");
  for (const { member } of live.values()) {
    await member.ready(AbortSignal.timeout(20_000));
    await eventually(
      () => smapText(member.snapshot.smap) === wanted(),
      () => `Smap is "${smapText(member.snapshot.smap)}", wanted "${wanted()}"`,
    );
    const { bmd } = await member.refresh("bmd", NOOP_SPAN);
    const names = listBuckets(bmd).map(({ bucket }) => bucket.name);
    expect(names).toEqual(expect.arrayContaining(buckets));
    expect(Number(bmd.version)).toBeGreaterThanOrEqual(1 + buckets.length);
  }
  clearInterval(timer);
  expect(leaders).toBe(1);
  const seen = await versions.stop();
  expect(seen.length).toBeGreaterThan(0);
  expect(seen).toEqual(seen.map((_, index) => index + 1));
  expect(smapText((await firstOf(live).member.refresh("smap", NOOP_SPAN)).smap).replace("*", "")).toBe(
    ids.join(" "),
  );
}, 90_000);

function firstOf(live: ReadonlyMap<string, RunningMember>): RunningMember {
  for (const node of live.values()) return node;
  throw new Error("no node is alive");
}

/** Every version of the Smap that was ever written, in order. */
function followSmapVersions(cluster: TestCluster): { stop(): Promise<readonly number[]> } {
  const versions: number[] = [];
  const end = new AbortController();
  const follow = async (): Promise<void> => {
    const coordinator = await cluster.open();
    for await (const event of coordinator.watch("smap", 0, end.signal)) {
      if (event.kind === "put") versions.push(Number(parseSmap(event.entry.value).version));
    }
  };
  const following = follow();
  // Awaited in `stop`, which a test that failed before does not reach.
  following.catch(() => undefined);
  return {
    async stop() {
      await Bun.sleep(120);
      end.abort();
      await following;
      return versions;
    },
  };
}

/** mulberry32 */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
