/** The tail rule in a node of several processes: one trace may have left its records in any of them. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { TestCollector } from "@ais/testkit/collector.ts";
import { FaultsFile } from "@ais/testkit/faults.ts";
import { fetchAnew, metric, until, workerPids } from "./workers.fixture.ts";

const SERVER = 2;
/** So many connections reach each of three processes: all but one in ten million times. */
const READS = 42;

let collector: TestCollector;
let cluster: TestCluster;
const faults = new FaultsFile();

beforeAll(async () => {
  collector = await TestCollector.start();
  cluster = await TestCluster.start({
    targets: 1,
    workers: 3,
    tracingEndpoint: collector.endpoint,
    env: { AIS_TRACING_SAMPLING_PROBABILITY: "0", ...faults.env },
  });
  await fetchAnew(`${cluster.url}/v1/buckets/b`, { method: "POST", body: '{"action":"create-bck"}' });
  const settings = "tracing.tail.errors=true";
  const reply = await fetchAnew(`${cluster.url}/v1/cluster/set-config?${settings}`, { method: "PUT" });
  // In force in every process by then.
  expect(reply.status).toBe(200);
});

afterAll(async () => {
  faults[Symbol.dispose]();
  await cluster?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
});

test("an error in one process exports what the others did for the same trace, and of no other trace", async () => {
  const target = must(cluster.targets[0], "a target");
  const request = (traceId: string, method: string, name: string, body?: Uint8Array<ArrayBuffer>) =>
    fetchAnew(`${target.url}/v1/objects/b/${name}?pid=${"p".repeat(8)}&utm=1`, {
      method,
      headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-00` },
      ...(body === undefined ? {} : { body }),
    });
  const [wanted, other] = ["1", "2"].map((digit) => digit.repeat(32)) as [string, string];
  expect((await request(other, "PUT", "o", new Uint8Array(1000))).status).toBe(200);
  for (let read = 0; read < READS; read++) {
    for (const traceId of [wanted, other]) expect((await request(traceId, "GET", "o")).status).toBe(200);
  }
  expect(collector.spans).toEqual([]);
  faults.set({ operation: "commit", errno: "EIO" });
  expect((await request(wanted, "PUT", "broken", new Uint8Array(1000))).status).toBe(500);
  faults.clear();
  const servers = () => collector.spans.filter(({ kind }) => kind === SERVER);
  // The process that had the error exports that request; the others all that they still hold of the trace.
  const pids = () => new Set(servers().map(({ resource }) => resource["process.pid"]));
  await collector.until(() => pids().size === 3);
  expect(pids()).toEqual(new Set([target.pid, ...workerPids(target)]));
  expect(new Set(servers().map(({ traceId }) => traceId))).toEqual(new Set([wanted]));
  // What another process of the node may have had is not missed.
  expect(await metric(target, "ais_target_tracing_tail_missed_count{")).toBe(0);
  await until("all that was exported has arrived", async () => {
    const exported = await metric(target, 'ais_target_tracing_tail_exports_count{node_id="');
    return servers().length === exported;
  });
}, 60_000);
