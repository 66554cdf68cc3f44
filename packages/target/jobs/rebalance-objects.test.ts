/** What has to come before objects move. */
import { expect, test } from "bun:test";
import { AisError } from "@ais/base/errors.ts";
import { type JobRecord, NO_STATS, NOTHING_AHEAD } from "@ais/cluster/jobs/job-record.ts";
import type { JobContext } from "@ais/node/jobs/job-work.ts";
import { memoryNode } from "@ais/node/testing/memory-member.ts";
import { memoryServices } from "@ais/node/testing/memory-services.ts";
import { NO_WORKERS } from "@ais/node/workers/workers.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { TargetServices } from "../services.ts";
import { rebalanceObjects } from "./rebalance-objects.ts";

const { signal } = new AbortController();

test("nothing moves before every process of the node has the cluster map", async () => {
  const asked: string[] = [];
  let isBehind = true;
  const services = {
    ...memoryServices(memoryNode("target", "self", 1)),
    workers: {
      ...NO_WORKERS,
      async sync(document: string, version: string) {
        asked.push(`${document} ${version}`);
        if (isBehind) throw new AisError("unavailable", "no answer");
      },
    },
  };
  const phases: string[] = [];
  const context: JobContext = {
    record: {
      id: "g1",
      args: { smapVersion: "3", goal: "", active: ["self"], leaving: [] },
      targets: ["self"],
    } as unknown as JobRecord,
    cursor: "",
    shareStartedNs: 0n,
    stats: { ...NO_STATS },
    ahead: NOTHING_AHEAD,
    announce: async () => undefined,
    phase: (name) => {
      phases.push(name);
      return NOOP_SPAN;
    },
    workers() {},
    failed() {},
  };
  const work = rebalanceObjects(context, services as unknown as TargetServices);
  expect(await work.unit(signal)).toMatchObject({
    kind: "waiting",
    reason: "a process of this node lacks cluster map version 3",
  });
  expect(phases).toEqual(["prepare"]);
  isBehind = false;
  // There are no buckets.
  expect(await work.unit(signal)).toEqual({ kind: "done" });
  expect(phases).toEqual(["prepare", "move"]);
  await work.unit(signal);
  expect(asked).toEqual(["smap 3", "smap 3"]);
});
