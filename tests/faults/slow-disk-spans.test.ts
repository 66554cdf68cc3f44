/**
 * Whatever a request waits for has a span (tracing.md 4): with every step of the disk slow, the children of the target's
 * SERVER span account for the request, for every kind that a target serves. Nothing here is left to an event that names
 * the rest: a step without a span fails.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { TestCollector } from "@ais/testkit/collector.ts";
import { explainAll, Requests, WANTED_SHARE } from "../integration/span-coverage.fixture.ts";

const STEPS = ["open", "write", "sync", "rename", "sync-directory", "remove", "commit"];
const DELAY_MS = 40;
/** Reads have no step that can be made slow, nor has the removal of a directory. */
const CHANGES_NOTHING = /^(GET|HEAD) |listing|abort/;

let collector: TestCollector;
let cluster: TestCluster;
const faultsFile = join(tmpdir(), `ais-faults-${crypto.randomUUID()}.json`);
const requests = new Requests(() => cluster.url);

beforeAll(async () => {
  collector = await TestCollector.start();
  cluster = await TestCluster.start({
    targets: 1,
    tracingEndpoint: collector.endpoint,
    env: { AIS_TEST_FAULTS: faultsFile },
  });
  // Everything is synced before it is acknowledged, so that no step is left out.
  const props = { write_policy: { data: "immediate", md: "immediate" } };
  await requests.send(
    "POST",
    "/v1/buckets/b",
    JSON.stringify({ action: "create-bck", name: "", value: props }),
  );
});

afterAll(async () => {
  rmSync(faultsFile, { force: true });
  await cluster?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
});

test.each(requests.all().map((kind) => [kind.title, kind] as const))("%s", async (title, kind) => {
  const name = title.replaceAll(/[^a-zA-Z]+/g, "-");
  await kind.prepare?.(`warm-${name}`);
  await kind.send(`warm-${name}`);
  await kind.prepare?.(name);
  writeFileSync(faultsFile, JSON.stringify(STEPS.map((operation) => ({ operation, delayMs: DELAY_MS }))));
  const traceId = await kind.send(name).finally(() => rmSync(faultsFile, { force: true }));
  const [explained] = await explainAll(collector, [traceId], kind.spanName);
  const { tookMs = 0, gapMs = 0 } = explained ?? {};
  if (CHANGES_NOTHING.test(title)) return;
  expect(tookMs).toBeGreaterThanOrEqual(DELAY_MS);
  expect(gapMs).toBeLessThan(tookMs * (1 - WANTED_SHARE));
});
