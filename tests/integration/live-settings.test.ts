/**
 * Each key of the section `tracing`, changed on a running cluster: every node acts by the new value within two seconds,
 * and by the old one again when it is changed back. The values are looked at by what they do.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "@ais/base/lifecycle.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { type CollectedSpan, TestCollector } from "@ais/testkit/collector.ts";
import type { Daemon } from "@ais/testkit/daemon.ts";

const LIMIT_MS = 2_000;
const PATIENCE_MS = 20_000;
/** How long a span may be on its way. */
const ARRIVAL_MS = 4_000;
const POLL_MS = 5;
const STRANGER = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };

let collector: TestCollector;
let other: TestCollector;
let cluster: TestCluster;
const ids = new Map<Daemon, string>();
/** How long each change took until all nodes followed. */
const delaysMs: number[] = [];

setDefaultTimeout(60_000);

beforeAll(async () => {
  [collector, other] = await Promise.all([TestCollector.start(), TestCollector.start()]);
  cluster = await TestCluster.start({ proxies: 2, targets: 2, tracingEndpoint: collector.endpoint });
  for (const daemon of cluster.daemons) {
    const snode = (await json(`${daemon.url}/v1/daemon?what=snode`)) as { readonly daemon_id: string };
    ids.set(daemon, snode.daemon_id);
  }
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
  await other?.[Symbol.asyncDispose]();
});

async function json(url: string): Promise<unknown> {
  return (await fetch(url)).json();
}

interface NodeTracing {
  readonly enabled: boolean;
  readonly endpoint: string;
  readonly samplerProbability: number;
  readonly tail: { readonly enabled: boolean };
}

const tracingOf = async ({ url }: Daemon): Promise<NodeTracing> =>
  (await json(`${url}/v1/daemon?what=tracing`)) as NodeTracing;

/** The id of the trace that a request to this node was, empty when it was none that is kept. */
async function traceOf({ url }: Daemon, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const reply = await fetch(`${url}/v1/daemon?what=snode`, { headers });
  await reply.arrayBuffer();
  return (reply.headers.get("traceresponse") ?? "").split("-")[1] ?? "";
}

/** The next span of the node that arrives at `at`, after a request to it. */
async function freshSpan(daemon: Daemon, at: TestCollector): Promise<CollectedSpan | undefined> {
  const from = at.spans.length;
  await traceOf(daemon);
  const deadlineMs = performance.now() + ARRIVAL_MS;
  const id = ids.get(daemon);
  for (;;) {
    const found = at.spans.slice(from).find(({ resource }) => resource["service.instance.id"] === id);
    if (found !== undefined || performance.now() > deadlineMs) return found;
    await sleep(POLL_MS);
  }
}

type Check = (daemon: Daemon) => Promise<boolean>;

interface Setting {
  readonly key: string;
  readonly value: () => string;
  readonly before: string;
  /** What must hold besides; undone by the next test. */
  readonly given?: () => Readonly<Record<string, string>>;
  /** Whether the node acts by `value`. */
  readonly isFollowed: Check;
  /** Whether it acts by `before`. */
  readonly isUndone: Check;
}

const not =
  (check: Check): Check =>
  async (daemon) =>
    !(await check(daemon));

/** A setting that the node itself tells of. */
function told(
  key: string,
  value: string,
  before: string,
  isFollowed: (node: NodeTracing) => boolean,
): Setting {
  const check: Check = async (daemon) => isFollowed(await tracingOf(daemon));
  return { key, value: () => value, before, isFollowed: check, isUndone: not(check) };
}

const carriesOn: Check = async (daemon) =>
  (await traceOf(daemon, { traceparent: `00-${STRANGER.traceId}-${STRANGER.spanId}-01` })) ===
  STRANGER.traceId;
const isForced: Check = async (daemon) => (await traceOf(daemon, { "ais-trace": "1" })) !== "";
const isTraced: Check = async (daemon) => (await traceOf(daemon)) !== "";
const isNamed =
  (wanted: (span: CollectedSpan) => boolean): Check =>
  async (daemon) => {
    const span = await freshSpan(daemon, collector);
    return span !== undefined && wanted(span);
  };
const hasTeam = isNamed(({ resource }) => resource["team"] === "blue");
const hasNoTeam = isNamed(({ resource }) => resource["team"] === undefined);
const hasPrefix = isNamed(({ serviceName }) => serviceName.startsWith("store-"));
const hasDefaultPrefix = isNamed(({ serviceName }) => serviceName.startsWith("aistore-"));

const RULE = JSON.stringify([{ id: "r", operation: "daemon.get", probability: 1 }]);
const NOTHING = { sampler_probability: "0" };

const SETTINGS: readonly Setting[] = [
  told("enabled", "false", "true", ({ enabled }) => !enabled),
  told("sampler_probability", "0.25", "1", ({ samplerProbability }) => samplerProbability === 0.25),
  told("tail.errors", "true", "false", ({ tail }) => tail.enabled),
  told("tail.slow.object.get", "1s", "", ({ tail }) => tail.enabled),
  {
    key: "exporter_endpoint",
    value: () => other.endpoint,
    before: "",
    isFollowed: async (daemon) => (await freshSpan(daemon, other)) !== undefined,
    isUndone: async (daemon) => (await freshSpan(daemon, collector)) !== undefined,
  },
  // Of a collector without TLS and an endpoint without a scheme, it decides whether spans arrive at all.
  {
    key: "skip_verify",
    value: () => "false",
    before: "true",
    isFollowed: async (daemon) => (await tracingOf(daemon)).endpoint.includes("TLS"),
    isUndone: async (daemon) => (await freshSpan(daemon, collector)) !== undefined,
  },
  {
    key: "service_name_prefix",
    value: () => "store",
    before: "aistore",
    isFollowed: hasPrefix,
    isUndone: hasDefaultPrefix,
  },
  { key: "attributes.team", value: () => "blue", before: "", isFollowed: hasTeam, isUndone: hasNoTeam },
  {
    key: "rules",
    value: () => RULE,
    before: "[]",
    given: () => NOTHING,
    isFollowed: isTraced,
    isUndone: not(isTraced),
  },
  {
    key: "allow_forced",
    value: () => "false",
    before: "true",
    given: () => NOTHING,
    isFollowed: not(isForced),
    isUndone: isForced,
  },
  {
    key: "trust_inbound",
    value: () => "never",
    before: "always",
    isFollowed: not(carriesOn),
    isUndone: carriesOn,
  },
];

async function configure(settings: Readonly<Record<string, string>>): Promise<void> {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(settings)) query.set(`tracing.${key}`, value);
  const reply = await fetch(`${cluster.url}/v1/cluster/set-config?${query}`, { method: "PUT" });
  expect([reply.status, await reply.text()]).toEqual([200, ""]);
}

async function follow(settings: Readonly<Record<string, string>>, isFollowed: Check): Promise<void> {
  const startedMs = performance.now();
  if (Object.keys(settings).length > 0) await configure(settings);
  const askedMs = await Promise.all(
    cluster.daemons.map(async (daemon) => {
      for (let now = performance.now(); now - startedMs < PATIENCE_MS; now = performance.now()) {
        // What was asked in time may be answered later.
        if (await isFollowed(daemon)) return now;
        await sleep(POLL_MS);
      }
      throw new Error(`${daemon.plan.name} does not follow ${JSON.stringify(settings)}`);
    }),
  );
  delaysMs.push(Math.max(...askedMs) - startedMs);
}

test.each(SETTINGS.map((setting) => [setting.key, setting] as const))("%s", async (key, setting) => {
  await configure({ sampler_probability: "1", ...setting.given?.() });
  const early = await Promise.all(cluster.daemons.map(setting.isFollowed));
  expect(early).toEqual(cluster.daemons.map(() => false));
  await follow({ [key]: setting.value() }, setting.isFollowed);
  const before = key === "exporter_endpoint" ? collector.endpoint : setting.before;
  await follow({ [key]: before }, setting.isUndone);
});

test("a section as an action message, as AIStore's clients and its documentation have it", async () => {
  await configure({ sampler_probability: "0.5", service_name_prefix: "other" });
  const tracing = {
    enabled: true,
    exporter_endpoint: collector.endpoint,
    skip_verify: true,
    service_name_prefix: "aistore",
    sampler_probability: "1.0",
  };
  const body = JSON.stringify({ action: "set-config", name: "", value: { tracing } });
  const reply = await fetch(`${cluster.url}/v1/cluster`, { method: "PUT", body });
  expect([reply.status, await reply.text()]).toEqual([200, ""]);
  const config = (await json(`${cluster.url}/v1/cluster?what=cluster_config`)) as {
    readonly tracing: unknown;
  };
  expect(config.tracing).toMatchObject(tracing);
  for (const daemon of cluster.daemons)
    expect(await tracingOf(daemon)).toMatchObject({ enabled: true, samplerProbability: 1 });
});

test("exporter_auth: the header and the token, and a new token in the same file", async () => {
  const file = join(cluster.directory, "token");
  writeFileSync(file, "first\n");
  const sends =
    (token: string | undefined): Check =>
    async (daemon) => {
      const from = collector.metadata.length;
      await freshSpan(daemon, collector);
      return collector.metadata.slice(from).some((metadata) => metadata["x-token"] === token);
    };
  await configure({ sampler_probability: "1" });
  await follow({ "exporter_auth.token_header": "X-Token", "exporter_auth.token_file": file }, sends("first"));
  writeFileSync(file, "second\n");
  await follow({}, sends("second"));
  await follow({ "exporter_auth.token_header": "", "exporter_auth.token_file": "" }, sends(undefined));
});

test("all nodes followed every change within two seconds", () => {
  expect(delaysMs.length).toBeGreaterThan(2 * SETTINGS.length);
  expect(Math.max(...delaysMs)).toBeLessThan(LIMIT_MS);
});
