/**
 * Whatever a request waits for has a span (tracing.md 4): with every step of the disk slow, the children of the target's
 * SERVER span account for the request, for every kind that a target serves. Nothing here is left to an event that names
 * the rest: a step without a span fails.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { TestCollector } from "@ais/testkit/collector.ts";
import { FaultsFile } from "@ais/testkit/faults.ts";
import {
  type Explained,
  explainAll,
  FILE_BYTES,
  OBJECT,
  Requests,
  WANTED_SHARE,
} from "../integration/span-coverage.fixture.ts";

const STEPS = ["open", "write", "sync", "rename", "sync-directory", "remove", "commit"];
const DELAY_MS = 40;
const COPIES_MAX = 40;
const TRIES = 4;
const CLIENT = 3;
/** Reads have no step that can be made slow, nor has the removal of a directory. */
const HAS_NO_STEP = /^(GET|HEAD) |listing|abort/;

let collector: TestCollector;
let cluster: TestCluster;
const faults = new FaultsFile();
const requests = new Requests(() => cluster.url);

beforeAll(async () => {
  collector = await TestCollector.start();
  cluster = await TestCluster.start({
    targets: 2,
    tracingEndpoint: collector.endpoint,
    env: faults.env,
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
  faults[Symbol.dispose]();
  await cluster?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
});

async function slowly<T>(work: () => Promise<T>): Promise<T> {
  using _slow = faults.set(...STEPS.map((operation) => ({ operation, delayMs: DELAY_MS })));
  return await work();
}

/** The share of the request's time in which no child was open, the least of some tries: a busy machine adds waits of its own. */
async function leastGap(attempt: (n: number) => Promise<readonly Explained[]>): Promise<number> {
  let least = 1;
  for (let n = 0; n < TRIES && least >= 1 - WANTED_SHARE; n++) {
    const explained = await attempt(n);
    for (const { tookMs } of explained) expect(tookMs).toBeGreaterThanOrEqual(DELAY_MS);
    least = Math.min(least, Math.max(...explained.map(({ tookMs, gapMs }) => gapMs / tookMs)));
  }
  return least;
}

const SLOWED = requests.all().filter(({ title }) => !HAS_NO_STEP.test(title));

test.each(SLOWED.map((kind) => [kind.title, kind] as const))("%s", async (title, kind) => {
  const name = title.replaceAll(/[^a-zA-Z]+/g, "-");
  await kind.prepare?.(`warm-${name}`);
  await kind.send(`warm-${name}`);
  const gap = await leastGap(async (n) => {
    await kind.prepare?.(`${name}-${n}`);
    const traceId = await slowly(() => kind.send(`${name}-${n}`));
    return explainAll(collector, [traceId], kind.spanName);
  });
  expect(gap).toBeLessThan(1 - WANTED_SHARE);
});

test("a copy that goes to another target, at both of them", async () => {
  let n = 0;
  const gap = await leastGap(async () => {
    for (; n < COPIES_MAX; n++) {
      await requests.send("PUT", `/v1/objects/b/from-${n}`, new Uint8Array(FILE_BYTES));
      const { traceId } = await slowly(() =>
        requests.send("PUT", `/v1/objects/b/from-${n}?object_to=ais/@%23/b/to-${n}`),
      );
      const source = await explainAll(collector, [traceId], `PUT ${OBJECT}`);
      const crosses = collector.trace(traceId).some(({ kind, name }) => kind === CLIENT && name === "PUT");
      if (!crosses) continue;
      n++;
      return [...source, ...(await explainAll(collector, [traceId], "PUT /v1/intra/object"))];
    }
    throw new Error(`too few of ${COPIES_MAX} copies went to another target`);
  });
  expect(gap).toBeLessThan(1 - WANTED_SHARE);
});
