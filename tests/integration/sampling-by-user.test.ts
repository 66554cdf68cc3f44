/** Rules about who asks (tracing.md 5): a cluster, its own clients with the tokens of two users, and what was exported. */
import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { oneSpan, TestCollector } from "@ais/testkit/collector.ts";
import { token } from "@ais/tracing/fixtures/tracing-fixture.ts";
import { type CliResult, cli } from "../../apps/ais/testing/run-cli.fixture.ts";

const GET = "GET /v1/objects/{bucket}/{object}";
const URI = "ais://nnn/obj";

let collector: TestCollector;
let cluster: TestCluster;

/** Waiting for spans has deadlines of its own. */
setDefaultTimeout(60_000);

beforeAll(async () => {
  collector = await TestCollector.start();
  cluster = await TestCluster.start({ targets: 2, tracingEndpoint: collector.endpoint });
  expect((await ais("", "create", "ais://nnn")).status).toBe(0);
  await fetch(`${cluster.url}/v1/objects/nnn/obj`, { method: "PUT", body: "content" });
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await configure({
    "tracing.trust_inbound": "always",
    "tracing.rules": "[]",
    "tracing.tail.errors": "false",
  });
  await configure({ "tracing.sampler_probability": "0" });
});

async function configure(settings: Readonly<Record<string, string>>): Promise<void> {
  const url = `${cluster.url}/v1/cluster/set-config?${new URLSearchParams(settings)}`;
  expect((await fetch(url, { method: "PUT" })).status).toBe(200);
}

/** The command line as it runs where this user logged in. */
function ais(user: string, ...words: readonly string[]): Promise<CliResult> {
  const login = user === "" ? {} : { AIS_AUTHN_TOKEN: token({ sub: user, admin: false }) };
  return cli(words, { env: { AIS_ENDPOINT: cluster.url, ...login } });
}

async function addRule(...words: readonly string[]): Promise<void> {
  const { status, err } = await ais("", "trace", "rule", "add", "--user", "alice", "--id", "alice", ...words);
  expect({ status, err }).toEqual({ status: 0, err: "" });
}

/** Id of the trace that the reply names; empty for none. */
async function traceOf(url: string, authorization?: string): Promise<string> {
  const reply = await fetch(url, { headers: authorization === undefined ? {} : { authorization } });
  expect(reply.status).toBe(200);
  expect(await reply.text()).toBe("content");
  return reply.headers.get("traceresponse")?.split("-")[1] ?? "";
}

const bearer = (user: string) => `Bearer ${token({ sub: user })}`;
const gets = () => collector.spans.filter(({ name, kind }) => name === GET && kind === 2);

test("requests of alice are traced, by the proxy's decision; those of bob, of nobody and of garbage are not", async () => {
  await addRule();
  expect((await ais("", "trace", "rule", "ls")).out).toMatch(/^ID .* USER .*\nalice +- +- +- +alice +1 +-\n/);
  for (const user of ["bob", "", "alice", "Alice"])
    expect((await ais(user, "get", URI, "/dev/null")).status).toBe(0);
  const url = `${cluster.url}/v1/objects/nnn/obj`;
  for (const value of [undefined, "Bearer x", "Basic YWxpY2U6eA==", `${bearer("alice")}.x`, bearer("bob")])
    expect(await traceOf(url, value)).toBe("");

  const root = await collector.until(() => gets().find(({ serviceName }) => serviceName === "aistore-proxy"));
  const trace = await collector.until(() => {
    const spans = collector.trace(root.traceId);
    return spans.filter(({ name }) => name === GET).length === 2 ? spans : null;
  });
  expect(oneSpan(trace, GET, "aistore-proxy").attributes["ais.sampling.rule"]).toBe("alice");
  const target = oneSpan(trace, GET, "aistore-target");
  expect(target.parentSpanId).toBe(root.spanId);
  expect(target.attributes).not.toHaveProperty("ais.sampling.rule");
  // One more of alice's has gone through the collector since: had another user's been exported, it would be here.
  await ais("alice", "get", URI, "/dev/null");
  await collector.until(() => gets().length === 4);
  expect(new Set(gets().map(({ traceId }) => traceId)).size).toBe(2);
  const values = collector.spans.flatMap(({ attributes }) => Object.values(attributes).map(String));
  expect(values.filter((value) => /alice$|eyJ/.test(value))).toEqual(["alice", "alice"]);
});

test("a target decides over what came to it directly, and the rule ends by itself", async () => {
  const redirect = await fetch(`${cluster.url}/v1/objects/nnn/obj`, { redirect: "manual" });
  const { origin } = new URL(must(redirect.headers.get("location"), "a redirect"));
  const url = `${origin}/v1/objects/nnn/obj`;
  await addRule("--for", "5s");
  expect(await traceOf(url, bearer("bob"))).toBe("");
  const traceId = await traceOf(url, bearer("alice"));
  const root = await collector.until(() => collector.trace(traceId).find(({ name }) => name === GET));
  expect(root).toMatchObject({ serviceName: "aistore-target", parentSpanId: "" });
  expect(root.attributes["ais.sampling.rule"]).toBe("alice");
  await Bun.sleep(5_100);
  expect(await traceOf(url, bearer("alice"))).toBe("");
});

test("where strangers are not believed, nobody is alice, and the command line says so", async () => {
  await addRule();
  await configure({ "tracing.trust_inbound": "never" });
  const url = `${cluster.url}/v1/objects/nnn/obj`;
  expect(await traceOf(url, bearer("alice"))).toBe("");
  const { err } = await ais("", "trace", "rule", "ls");
  expect(err).toContain("match no request while tracing.trust_inbound is never");
  await configure({ "tracing.trust_inbound": "always" });
  expect(await traceOf(url, bearer("alice"))).not.toBe("");
});
