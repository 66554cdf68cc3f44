/**
 * Every setting of tracing takes effect on all nodes within two seconds, without a restart and without a lost request:
 * a cluster under load, changed while it serves, and what its collectors received.
 */
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { type CollectedSpan, TestCollector } from "@ais/testkit/collector.ts";
import { type CliResult, cli } from "../../apps/ais/testing/run-cli.fixture.ts";
import { type Exchange, Traffic } from "./traffic.fixture.ts";

const GET = "GET /v1/objects/{bucket}/{object}";
const SERVER = 2;
/** The promise, kept by half of the changes at least: a test may run on a machine that has other things to do. */
const LIMIT_MS = 2_000;
const PATIENCE_MS = 15_000;
/** Requests between two changes. Some of them are under way when the change comes. */
const SOME = 60;
/** How long each change took until all nodes followed. */
const delaysMs: number[] = [];

let collector: TestCollector;
let cluster: TestCluster;
let traffic: Traffic;

/** Waiting for spans has deadlines of its own. */
setDefaultTimeout(60_000);

beforeAll(async () => {
  collector = await TestCollector.start();
  cluster = await TestCluster.start({ proxies: 2, targets: 2 });
  await Traffic.prepare(cluster.url, ["a", "b"]);
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  // Head sampling alone: errors and slow requests are another test's.
  const tail = { "tracing.tail.errors": "false", "tracing.tail.slow": "{}" };
  await configure({ ...tail, ...to(collector), "tracing.sampler_probability": "1", "tracing.rules": "[]" });
  traffic = new Traffic(
    cluster.proxies.map(({ url }) => url),
    ["a", "b"],
  );
});
afterEach(async () => {
  await traffic.stop();
  expect(traffic.failures).toEqual([]);
});

function to({ endpoint }: TestCollector): Readonly<Record<string, string>> {
  return {
    "tracing.enabled": "true",
    "tracing.exporter_endpoint": endpoint,
    "tracing.skip_verify": "true",
  };
}

async function configure(settings: Readonly<Record<string, string>>): Promise<void> {
  const reply = await fetch(`${cluster.url}/v1/cluster/set-config?${new URLSearchParams(settings)}`, {
    method: "PUT",
  });
  expect(await reply.text()).toBe("");
  expect(reply.status).toBe(200);
}

interface NodeTracing {
  readonly enabled: boolean;
  readonly endpoint: string;
  readonly samplerProbability: number;
}

/** Changes settings and waits until every node says by itself that it follows. */
async function follow(
  settings: Readonly<Record<string, string>>,
  isFollowed: (node: NodeTracing) => boolean,
): Promise<{ readonly beforeMs: number; readonly afterMs: number }> {
  const beforeMs = Date.now();
  await configure(settings);
  for (const { url } of cluster.daemons) {
    while (!isFollowed((await (await fetch(`${url}/v1/daemon?what=tracing`)).json()) as NodeTracing)) {
      if (Date.now() - beforeMs > PATIENCE_MS)
        throw new Error(`${url} does not follow ${JSON.stringify(settings)}`);
      await sleep(5);
    }
  }
  const afterMs = Date.now();
  delaysMs.push(afterMs - beforeMs);
  return { beforeMs, afterMs };
}

function ais(...words: readonly string[]): Promise<CliResult> {
  return cli(words, { env: { AIS_ENDPOINT: cluster.url } });
}

/** SERVER spans of a trace at one collector: a GET that was traced as a whole has one of a proxy and one of a target. */
function servers(at: TestCollector, { traceId }: Exchange): readonly CollectedSpan[] {
  return traceId === "" ? [] : at.trace(traceId).filter(({ kind, name }) => kind === SERVER && name === GET);
}

function isWhole(at: TestCollector): (exchange: Exchange) => boolean {
  return (exchange) => servers(at, exchange).length === 2;
}

/** Of times that several processes tell: two of them may differ so much. */
const CLOCKS_MS = 2;

/** Spans of GET that the first collector got, by the time at which they began. */
function begunBetween(fromMs: number, toMs: number): readonly CollectedSpan[] {
  const ns = (ms: number): bigint => BigInt(ms) * 1_000_000n;
  const [from, until] = [ns(fromMs + CLOCKS_MS), ns(toMs - CLOCKS_MS)];
  return collector.spans.filter(
    ({ name, startTimeUnixNano: start }) => name === GET && start > from && start < until,
  );
}

/** The newest span that a collector got. */
function newest(at: TestCollector): CollectedSpan {
  return must(at.spans.at(-1), "no span arrived");
}

describe("rules", () => {
  test("one bucket is traced, the other is not, and both are as before when the rule is gone", async () => {
    await follow({ "tracing.sampler_probability": "0" }, (node) => node.samplerProbability === 0);
    const offMs = Date.now();
    await traffic.more(SOME);
    const addMs = Date.now();
    const added = await ais(
      "trace",
      "rule",
      "add",
      "--bucket",
      "ais://a",
      "--operation",
      "object.get",
      "--for",
      "1h",
      "--id",
      "r1",
    );
    expect(added).toEqual({ status: 0, out: 'rule "r1" added, for 1h0m\n', err: "" });
    const onMs = Date.now();
    await traffic.more(SOME);
    expect((await ais("trace", "rule", "ls")).out).toMatch(
      /^ID +BUCKET +OPERATION +MIN SIZE +USER +PROBABILITY +TIME LEFT\nr1 +ais:\/\/a +object\.get +- +- +1 +(1h0m|59m\d+s)\n\nEverything else is sampled with probability 0\.\n$/,
    );
    const goneMs = Date.now();
    expect((await ais("trace", "rule", "rm", "r1")).out).toBe('rule "r1" removed\n');
    const afterMs = Date.now();
    await traffic.more(SOME);
    await traffic.stop();

    const during = traffic.between(onMs, goneMs);
    const [a, b] = ["a", "b"].map((bucket) => during.filter((each) => each.bucket === bucket));
    expect(Math.min(a?.length ?? 0, b?.length ?? 0)).toBeGreaterThan(5);
    await collector.until(() => a?.every(isWhole(collector)));
    expect(b?.filter((each) => each.traceId !== "")).toEqual([]);
    const silent = [...traffic.between(offMs, addMs), ...traffic.between(afterMs)];
    expect(silent.filter(({ traceId }) => traceId !== "")).toEqual([]);
    expect(begunBetween(offMs, addMs)).toEqual([]);
    expect(begunBetween(afterMs, Date.now())).toEqual([]);
    expect(begunBetween(onMs, goneMs).filter((span) => span.attributes["ais.bucket"] !== "ais://a")).toEqual(
      [],
    );
    const [root, child] = servers(collector, must(a?.[0], "a request"));
    expect(root?.attributes["ais.sampling.rule"]).toBe("r1");
    expect(child?.attributes).not.toHaveProperty("ais.sampling.rule");
  });

  test("a target decides over what came to it directly", async () => {
    await follow({ "tracing.sampler_probability": "0" }, (node) => node.samplerProbability === 0);
    await ais("trace", "rule", "add", "--bucket", "ais://a*", "--id", "direct");
    const redirect = await fetch(`${cluster.url}/v1/objects/a/o`, { redirect: "manual" });
    const { origin } = new URL(must(redirect.headers.get("location"), "a redirect"));
    const reply = await fetch(`${origin}/v1/objects/a/o`);
    expect(await reply.text()).toBe("content");
    const traceId = must(reply.headers.get("traceresponse")?.split("-")[1], "a trace");
    const root = await collector.until(() => collector.trace(traceId).find(({ kind }) => kind === SERVER));
    expect(root).toMatchObject({ serviceName: "aistore-target", parentSpanId: "" });
    expect(root.attributes["ais.sampling.rule"]).toBe("direct");
  });

  test("the command line adds in front, shows JSON, refuses nonsense and removes all", async () => {
    expect((await ais("trace", "rule", "ls")).out).toStartWith("No rules.\n");
    await ais("trace", "rule", "add", "--id", "last", "--probability", "0.01");
    const first = await ais("trace", "rule", "add", "--id", "big", "--min-size", "1MiB", "--first", "--json");
    expect(JSON.parse(first.out)).toEqual({ id: "big", min_size: "1MiB", probability: 1 });
    const list = JSON.parse((await ais("trace", "rule", "ls", "--json")).out) as { readonly id: string }[];
    expect(list.map(({ id }) => id)).toEqual(["big", "last"]);
    const random = await ais("trace", "rule", "add", "--for", "90s");
    expect(random.out).toMatch(/^rule "[0-9a-f]{6}" added, for 1m30s\n$/);
    for (const [words, text] of [
      [["add", "--bucket", "nnn"], 'expecting a bucket such as "ais://nnn"'],
      [["add", "--operation", "object.gte"], 'unknown operation "object.gte"'],
      [
        ["add", "--operation", "object.get", "--min-size", "1MiB"],
        '"min_size" does not go with "object.get"',
      ],
      [["add", "--probability", "2"], "from 0 to 1"],
      [["rm", "gone"], 'there is no rule "gone"'],
      [["rm"], "expecting either"],
      [["rm", "big", "--all"], "expecting either"],
    ] as const) {
      const { status, err } = await ais("trace", "rule", ...words);
      expect(status).not.toBe(0);
      expect(err).toContain(text);
    }
    expect((await ais("trace", "rule", "rm", "--all")).out).toBe("all rules removed\n");
    expect((await ais("trace", "rule", "ls", "--json")).out).toBe("[]\n");
  });
});

test("a change of the collector: what ended before goes to the old one, what begins after to the new one", async () => {
  await using second = await TestCollector.start();
  await traffic.more(SOME);
  const { beforeMs, afterMs } = await follow(to(second), ({ endpoint }) =>
    endpoint.includes(`:${second.port}`),
  );
  await traffic.more(SOME);
  await traffic.stop();
  const [old, late] = [traffic.between(0, beforeMs), traffic.between(afterMs)];
  expect(Math.min(old.length, late.length)).toBeGreaterThan(5);
  await collector.until(() => old.every(isWhole(collector)));
  await second.until(() => late.every(isWhole(second)));
  expect(old.filter((each) => servers(second, each).length > 0)).toEqual([]);
  expect(late.filter((each) => servers(collector, each).length > 0)).toEqual([]);
  // What was under way has gone to one of the two, span by span.
  for (const each of traffic.exchanges)
    expect(servers(collector, each).length + servers(second, each).length).toBe(2);
});

test("off and on, and the share of traces: all, none, all", async () => {
  await traffic.more(SOME);
  const zero = await follow({ "tracing.sampler_probability": "0" }, (node) => node.samplerProbability === 0);
  await traffic.more(SOME);
  const off = await follow({ "tracing.enabled": "false" }, ({ enabled }) => !enabled);
  await traffic.more(SOME);
  await configure({ "tracing.sampler_probability": "1" });
  const on = await follow({ "tracing.enabled": "true" }, ({ enabled }) => enabled);
  await traffic.more(SOME);
  await traffic.stop();
  const sampled = [...traffic.between(0, zero.beforeMs), ...traffic.between(on.afterMs)];
  const silent = [
    ...traffic.between(zero.afterMs, off.beforeMs),
    ...traffic.between(off.afterMs, on.beforeMs),
  ];
  expect(Math.min(sampled.length, silent.length)).toBeGreaterThan(10);
  await collector.until(() => sampled.every(isWhole(collector)));
  expect(silent.filter(({ traceId }) => traceId !== "")).toEqual([]);
  expect(begunBetween(zero.afterMs, off.beforeMs)).toEqual([]);
  expect(begunBetween(off.afterMs, on.beforeMs)).toEqual([]);
});

test("prefix and attributes", async () => {
  const changedMs = Date.now();
  await configure({ "tracing.service_name_prefix": "store-", "tracing.attributes.team": "blue" });
  const names = new Set<string>();
  await collector.until(() => {
    const fresh = collector.spans.filter(({ resource }) => resource["team"] === "blue");
    for (const span of fresh) names.add(`${span.serviceName} ${span.resource["service.instance.id"]}`);
    return names.size === cluster.daemons.length;
  });
  delaysMs.push(Date.now() - changedMs);
  expect([...names].map((name) => name.split(" ")[0]).sort()).toEqual([
    "store-proxy",
    "store-proxy",
    "store-target",
    "store-target",
  ]);
  await configure({ "tracing.service_name_prefix": "aistore", "tracing.attributes.team": "" });
  await collector.until(() => newest(collector).serviceName.startsWith("aistore-"));
  expect(newest(collector).resource).not.toHaveProperty("team");
});

test("a token is sent, and read again when its file changes", async () => {
  const file = join(cluster.directory, "token");
  const sent = () => collector.metadata.at(-1)?.["x-token"];
  writeFileSync(file, "first\n");
  await configure({
    "tracing.exporter_auth.token_header": "X-Token",
    "tracing.exporter_auth.token_file": file,
  });
  await collector.until(() => sent() === "first");
  writeFileSync(file, "second\n");
  const changedMs = Date.now();
  await collector.until(() => sent() === "second");
  delaysMs.push(Date.now() - changedMs);
  await configure({ "tracing.exporter_auth.token_header": "", "tracing.exporter_auth.token_file": "" });
  await collector.until(() => sent() === undefined);
});

test("a change that makes no sense is refused as a whole and changes nothing", async () => {
  const config = async () => (await fetch(`${cluster.url}/v1/cluster?what=cluster_config`)).text();
  const before = await config();
  for (const [settings, text] of [
    ["tracing.sampler_probability=1.5", "from 0 to 1"],
    ["tracing.sampler_probability=0.5&tracing.exporter_endpoint=localhost", "expecting"],
    ["tracing.exporter_endpoint=", "is required"],
    ["tracing.exporter_auth.token_file=/x", "both or neither"],
    ["tracing.trust_inbound=sometimes", "expecting one of: always, never"],
    ["tracing.rules=[{}]", "expecting an id"],
    ["tracing.sampling=1", "unknown setting"],
  ] as const) {
    const reply = await fetch(`${cluster.url}/v1/cluster/set-config?${settings}`, { method: "PUT" });
    expect(reply.status).toBe(400);
    expect(await reply.text()).toContain(text);
  }
  expect(await config()).toBe(before);
  await traffic.more(SOME);
});

test("all nodes followed every change within two seconds", () => {
  const sorted = delaysMs.toSorted((a, b) => a - b);
  expect(sorted.length).toBeGreaterThan(5);
  expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(LIMIT_MS);
});
