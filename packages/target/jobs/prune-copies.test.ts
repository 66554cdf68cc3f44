/** What a synchronized copy leaves at its destination. */
import { expect, test } from "bun:test";
import {
  type JobRecord,
  NO_STATS,
  NOTHING_AHEAD,
  WAITS_FOR_PLACEMENT,
} from "@ais/cluster/jobs/job-record.ts";
import type { JobContext } from "@ais/node/jobs/job-work.ts";
import { MemoryMember, memoryNode } from "@ais/node/testing/memory-member.ts";
import { bodyOf, INLINE_BYTES, PUT, temporaryStore } from "@ais/storage/testing/store-fixture.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import { withBucket } from "@ais/wire/bmd.ts";
import { defaultBprops } from "@ais/wire/bprops.ts";
import { type CopyMsg, parseCopyMsg } from "@ais/wire/jobs/job-messages.ts";
import type { TargetServices } from "../services.ts";
import { objectKey } from "./object-source.ts";
import { PruneCopies } from "./prune-copies.ts";

const FROM = { bucket: aisBucket("from"), bid: "1" };
const TO = { bucket: aisBucket("to"), bid: "2" };
const keyOfCopy = (name: string) => objectKey({ bucket: TO.bucket, bucketId: 2n }, name);

test("waits for placement; deletes then what has no original and was there before the job", async () => {
  await using fixture = await temporaryStore();
  const { store } = fixture;
  const put = (name: string) => store.put(keyOfCopy(name), bodyOf(INLINE_BYTES), PUT, NOOP_SPAN);
  const { createdNs: startedNs } = await put("orphan");
  await Bun.sleep(2);
  // Before the share of this target, which begins late.
  const { createdNs: shareStartedNs } = await put("new");
  const member = new MemoryMember(memoryNode("target", "self", 1));
  for (const { bucket, bid } of [FROM, TO])
    member.changeBmd((bmd) =>
      withBucket(bmd, bucket, defaultBprops(member.newest.config, { bid: BigInt(bid), createdNs: 1n })),
    );
  member.deliver("bmd");
  const settle = (target_ids: readonly string[]): void => {
    const { rmd } = member.snapshot;
    member.snapshot = { ...member.snapshot, rmd: { ...rmd, target_ids: [...target_ids] } };
  };
  const args: CopyMsg = parseCopyMsg({ synchronize: true });
  const record = { from: FROM, to: TO, args, startedNs: startedNs.toString(), targets: ["self"] };
  const context: JobContext = {
    record: record as unknown as JobRecord,
    cursor: "",
    shareStartedNs,
    stats: { ...NO_STATS },
    ahead: NOTHING_AHEAD,
    announce: async () => undefined,
    workers() {},
    phase: () => NOOP_SPAN,
    failed() {},
  };
  const self = { daemon_id: "self" };
  const services = {
    store,
    localStore: store,
    member,
    facts: { id: "self" },
    handOver: { ownerOf: () => self },
  };
  const options = { from: FROM, to: TO, args, context, cursor: "" };
  const work = new PruneCopies(options, services as unknown as TargetServices);
  const { signal } = new AbortController();
  settle([]);
  expect(await work.unit(signal)).toMatchObject({ kind: "waiting", reason: WAITS_FOR_PLACEMENT });
  expect(await store.head(keyOfCopy("orphan"), NOOP_SPAN)).not.toBe(null);
  settle(["self"]);
  expect(await work.unit(signal)).toEqual({ kind: "done" });
  expect(await store.head(keyOfCopy("orphan"), NOOP_SPAN)).toBe(null);
  expect(await store.head(keyOfCopy("new"), NOOP_SPAN)).not.toBe(null);
});
