/** What the end of a rename says of itself when the coordinator is away. */
import { expect, test } from "bun:test";
import { AisError } from "@ais/base/errors.ts";
import { silentLogger } from "@ais/base/log.ts";
import type { JobRecord } from "@ais/cluster/jobs/job-record.ts";
import { RecordingTracing } from "@ais/node/testing/recording-tracing.ts";
import { emptyBmd } from "@ais/wire/bmd.ts";
import type { ProxyServices } from "../services.ts";
import { concludeMove, reopenOrphans } from "./conclude-move.ts";

const BUCKET = { name: "b", provider: "ais", namespace: { uuid: "", name: "" } };

function setUp() {
  const tracing = new RecordingTracing();
  const props = { bid: "1", created: "1", Renamed: "1" };
  const bmd = { ...emptyBmd(), providers: { ais: { "": { b: props } } } };
  const services = {
    tracing,
    logger: silentLogger,
    clock: { nowNs: () => 10n ** 18n },
    jobs: { refresh: async () => null, list: () => [] },
    member: {
      snapshot: { bmd },
      updateBmd: () => Promise.reject(new AisError("unavailable", "the coordinator is away")),
    },
  } as unknown as ProxyServices;
  return { tracing, services };
}

test("a rename that cannot be concluded has a span that failed", async () => {
  const { tracing, services } = setUp();
  const record = { id: "j1", kind: "move-bck", trace: null, from: { bucket: BUCKET, bid: "1" } };
  await expect(concludeMove(record as unknown as JobRecord, true, services)).rejects.toThrow("away");
  expect([tracing.last.failure, tracing.last.endings]).toEqual(["unavailable", 1]);
});

test("a bucket that cannot be opened again has a span that failed, and ended", async () => {
  const { tracing, services } = setUp();
  await expect(reopenOrphans(services)).rejects.toThrow("away");
  expect([tracing.last.name, tracing.last.failure, tracing.last.endings]).toEqual([
    "ais.job.reopen",
    "unavailable",
    1,
  ]);
});
