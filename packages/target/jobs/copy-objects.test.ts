/** Figures that are kept of copies, by which a later process goes on. */
import { expect, test } from "bun:test";
import { type JobRecord, NO_STATS, NOTHING_AHEAD } from "@ais/cluster/jobs/job-record.ts";
import type { JobContext } from "@ais/node/jobs/job-work.ts";
import { MemoryMember, memoryNode } from "@ais/node/testing/memory-member.ts";
import { temporaryStore } from "@ais/storage/testing/store-fixture.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import { type CopyMsg, parseCopyMsg } from "@ais/wire/jobs/job-messages.ts";
import type { TargetServices } from "../services.ts";
import { copyObjects } from "./copy-objects.ts";

test.each([
  ["move-bck", false],
  ["copy-bck", false],
  ["copy-bck", true],
] as const)(
  "what a %s has done since its cursor is not kept (synchronize: %p)",
  async (kind, synchronize) => {
    await using fixture = await temporaryStore();
    const member = new MemoryMember(memoryNode("target", "self", 1));
    const stats = { ...NO_STATS, objects: 5 };
    const args: CopyMsg = parseCopyMsg({ synchronize });
    const [from, to] = ["old", "new"].map((name, index) => ({
      bucket: aisBucket(name),
      bid: String(index + 1),
    }));
    const context: JobContext = {
      record: { kind, from, to, args, startedNs: "1", targets: ["self"] } as unknown as JobRecord,
      cursor: "",
      shareStartedNs: 1n,
      stats,
      ahead: NOTHING_AHEAD,
      announce: async () => undefined,
      workers() {},
      phase: () => NOOP_SPAN,
      failed() {},
    };
    const services = { store: fixture.store, localStore: fixture.store, member };
    const work = copyObjects(context, services as unknown as TargetServices);
    // In the middle of a batch.
    stats.objects = 9;
    expect(work.settled?.()?.objects).toBe(5);
  },
);
