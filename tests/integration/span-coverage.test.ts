/**
 * Time is explained (tracing.md 4): the children of a target's SERVER span account for nine tenths of it, where it took
 * long enough to matter; what is left of a single request has an event that says so, and says how much it is.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { TestCollector } from "@ais/testkit/collector.ts";
import {
  expectExplained,
  explainAll,
  inParallel,
  OBJECT,
  Requests,
  TOLERANCE_MS,
  WANTED_SHARE,
} from "./span-coverage.fixture.ts";

const REQUESTS = 200;
const WARM_UP = 60;
const LONG_ENOUGH_MS = 1;
/** Fewer long requests than this are those that the machine held up, which say nothing about the spans. */
const TYPICAL = 20;

let collector: TestCollector;
let cluster: TestCluster;
const requests = new Requests(() => cluster.url);

beforeAll(async () => {
  collector = await TestCollector.start();
  cluster = await TestCluster.start({ targets: 1, tracingEndpoint: collector.endpoint });
  await requests.send("POST", "/v1/buckets/b", '{"action":"create-bck"}');
});

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
});

function median(values: readonly number[]): number {
  return must([...values].sort((a, b) => a - b)[values.length >> 1], "no values");
}

test("the first requests after the start, which the runtime has yet to compile, are explained as well", async () => {
  for (const [method, path, name] of [
    ["PUT", "/v1/objects/b/first", `PUT ${OBJECT}`],
    ["GET", "/v1/objects/b/first", `GET ${OBJECT}`],
    ["GET", "/v1/buckets/b", "POST /v1/intra/list"],
  ] as const) {
    const body = method === "PUT" ? new Uint8Array(200_000) : undefined;
    const { traceId } = await requests.send(method, path, body);
    for (const explained of await explainAll(collector, [traceId], name))
      if (explained.tookMs > LONG_ENOUGH_MS + TOLERANCE_MS) expectExplained(explained);
  }
});

describe("under load", () => {
  test.each(requests.all().map((kind) => [kind.title, kind] as const))(
    "%s",
    async (title, kind) => {
      const name = (number: number): string => `${title.replaceAll(/[^a-zA-Z]+/g, "-")}-${number}`;
      await inParallel(REQUESTS + WARM_UP, async (number) => kind.prepare?.(name(number)));
      await inParallel(WARM_UP, (number) => kind.send(name(number)));
      const traceIds = await inParallel(REQUESTS, (number) => kind.send(name(number + WARM_UP)));
      const explained = await explainAll(collector, traceIds, kind.spanName);
      expect(explained).toHaveLength(REQUESTS);
      const long = explained.filter(({ tookMs }) => tookMs > LONG_ENOUGH_MS + TOLERANCE_MS);
      for (const one of long) expectExplained(one);
      if (long.length < TYPICAL) return;
      expect(median(long.map(({ tookMs, gapMs }) => 1 - gapMs / tookMs))).toBeGreaterThanOrEqual(
        WANTED_SHARE,
      );
    },
    60_000,
  );
});
