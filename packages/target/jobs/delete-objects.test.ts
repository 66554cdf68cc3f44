/** What a job that deletes objects leaves alone. */
import { expect, test } from "bun:test";
import { type JobRecord, NO_STATS, NOTHING_AHEAD } from "@ais/cluster/jobs/job-record.ts";
import type { JobContext } from "@ais/node/jobs/job-work.ts";
import { MemoryMember, memoryNode } from "@ais/node/testing/memory-member.ts";
import { bodyOf, INLINE_BYTES, keyOf, PUT, temporaryStore } from "@ais/storage/testing/store-fixture.ts";
import type { ObjectStore } from "@ais/storage/types.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import { withBucket } from "@ais/wire/bmd.ts";
import { defaultBprops } from "@ais/wire/bprops.ts";
import { parseMultiObjectMsg } from "@ais/wire/jobs/job-messages.ts";
import type { TargetServices } from "../services.ts";
import { deleteObjects } from "./delete-objects.ts";
import { objectKey } from "./object-source.ts";

const { signal } = new AbortController();
const BODY = bodyOf(INLINE_BYTES);

interface Times {
  readonly startedNs: bigint;
  readonly shareStartedNs: bigint;
}

/** Runs the job to its end over what `store` holds of one bucket; its figures. */
async function run(store: ObjectStore, times: Times): Promise<typeof NO_STATS> {
  const { work, stats } = begin(store, times);
  while ((await work.unit(signal)).kind !== "done");
  return stats;
}

function begin(store: ObjectStore, { startedNs, shareStartedNs }: Times) {
  const underWay = new Set<string>();
  const crossed = new Set<string>();
  const member = new MemoryMember(memoryNode("target", "self", 1));
  const from = { bucket: aisBucket("bck"), bid: "1" };
  member.changeBmd((bmd) =>
    withBucket(bmd, from.bucket, defaultBprops(member.newest.config, { bid: 1n, createdNs: 1n })),
  );
  member.deliver("bmd");
  const stats = { ...NO_STATS };
  const args = parseMultiObjectMsg({ template: "" });
  const context: JobContext = {
    record: { id: "job", from, args, startedNs: startedNs.toString() } as unknown as JobRecord,
    cursor: "",
    shareStartedNs,
    stats,
    ahead: NOTHING_AHEAD,
    announce: async () => undefined,
    workers() {},
    phase: () => NOOP_SPAN,
    failed() {},
  };
  const handOver = { isUnderWay: (uname: string) => underWay.has(uname) };
  const shareHolds = { takeCrossed: (id: string) => crossed.delete(id) };
  const services = { store, localStore: store, member, handOver, shareHolds };
  const work = deleteObjects(context, services as unknown as TargetServices);
  return { work, stats, underWay, crossed };
}

test("an outdated form that a target still has is not what is judged, but the newest that others have", async () => {
  await using fixture = await temporaryStore();
  const local = fixture.store;
  const old = await local.put(keyOf("o"), BODY, PUT, NOOP_SPAN);
  await local.put(keyOf("other"), BODY, PUT, NOOP_SPAN);
  const startedNs = (await local.head(keyOf("other"), NOOP_SPAN))?.createdNs ?? 0n;
  expect(old.createdNs).toBeLessThanOrEqual(startedNs);
  // As the store of an outdated target does: who asks for an object has it in its newest form.
  const store: ObjectStore = Object.create(local, {
    head: {
      value: async (...[key, span]: Parameters<ObjectStore["head"]>) => {
        if (key.objectName === "o") await local.put(key, bodyOf(INLINE_BYTES, 2), PUT, span);
        return local.head(key, span);
      },
    },
  });
  const stats = await run(store, { startedNs, shareStartedNs: startedNs });
  expect((await local.head(keyOf("o"), NOOP_SPAN))?.createdNs).toBeGreaterThan(startedNs);
  expect(await local.head(keyOf("other"), NOOP_SPAN)).toBe(null);
  expect([stats.objects, stats.bytes]).toEqual([1, INLINE_BYTES]);
});

test("what is on its way to its owner is waited for, and the job is repeated for it", async () => {
  await using fixture = await temporaryStore();
  const { store } = fixture;
  const { createdNs } = await store.put(keyOf("o"), BODY, PUT, NOOP_SPAN);
  const times = { startedNs: createdNs, shareStartedNs: createdNs };
  const { work, underWay, crossed } = begin(store, times);
  const { uname } = objectKey({ bucket: aisBucket("bck"), bucketId: 1n }, "o");
  underWay.add(uname);
  expect(await work.unit(signal)).toMatchObject({
    kind: "waiting",
    reason: expect.stringContaining("on its way"),
  });
  expect(await store.head(keyOf("o"), NOOP_SPAN)).not.toBe(null);
  // It has arrived, and the job was there before.
  underWay.clear();
  crossed.add("job");
  expect(await work.unit(signal)).toEqual({ kind: "done" });
  expect(await store.head(keyOf("o"), NOOP_SPAN)).toBe(null);
  expect(work.mustRepeat?.()).toBe(true);
  const again = begin(store, times).work;
  while ((await again.unit(signal)).kind !== "done");
  expect(again.mustRepeat?.()).toBe(false);
});

test("what is written between the look and the deletion stays", async () => {
  await using fixture = await temporaryStore();
  const local = fixture.store;
  const { createdNs: startedNs } = await local.put(keyOf("o"), BODY, PUT, NOOP_SPAN);
  const store: ObjectStore = Object.create(local, {
    delete: {
      value: async (...args: Parameters<ObjectStore["delete"]>) => {
        await local.put(keyOf("o"), bodyOf(INLINE_BYTES, 2), PUT, NOOP_SPAN);
        return local.delete(...args);
      },
    },
  });
  expect((await run(store, { startedNs, shareStartedNs: startedNs })).objects).toBe(0);
  expect((await local.head(keyOf("o"), NOOP_SPAN))?.createdNs).toBeGreaterThan(startedNs);
});

test.each([
  ["a share that begins late", 0n, 1_000_000_000n],
  ["a clock that is behind the proxy's", 1_000_000_000n, 0n],
])("what was written after the job began stays, with %s", async (_what, jobLaterNs, shareLaterNs) => {
  await using fixture = await temporaryStore();
  const { store } = fixture;
  const { createdNs: beganNs } = await store.put(keyOf("old"), BODY, PUT, NOOP_SPAN);
  await Bun.sleep(2);
  await store.put(keyOf("new"), BODY, PUT, NOOP_SPAN);
  const times = { startedNs: beganNs + jobLaterNs, shareStartedNs: beganNs + shareLaterNs };
  expect((await run(store, times)).objects).toBe(1);
  expect(await store.head(keyOf("old"), NOOP_SPAN)).toBe(null);
  expect(await store.head(keyOf("new"), NOOP_SPAN)).not.toBe(null);
});
