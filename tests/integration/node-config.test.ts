/** Settings of single nodes over real daemons (wire-compat 5.4, 5.7). */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { ais } from "./ais.fixture.ts";
import { until } from "./jobs.fixture.ts";

let cluster: TestCluster;
let target: string;

beforeAll(async () => {
  cluster = await TestCluster.start({ targets: 2, proxies: 2 });
  const smap = (await (await fetch(`${cluster.url}/v1/daemon?what=smap`)).json()) as {
    readonly tmap: Readonly<Record<string, { readonly public_net: { readonly direct_url: string } }>>;
  };
  const ofFirst = Object.entries(smap.tmap).find(
    ([, { public_net }]) => public_net.direct_url === cluster.targets[0]?.url,
  );
  target = ofFirst?.[0] ?? "";
}, 60_000);

afterAll(() => cluster?.[Symbol.asyncDispose]());

const put = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${cluster.url}${path}`, { method: "PUT", ...init });
const toTarget = (path: string, body?: string): Promise<Response> =>
  put(`/v1/reverse/daemon${path}`, {
    headers: { "ais-node-id": target },
    ...(body === undefined ? {} : { body }),
  });
const message = (action: string, value: unknown = null): string =>
  JSON.stringify({ action, name: "", value });

interface Config {
  readonly log: { readonly level: string; readonly stats_time: string };
  readonly space: { readonly lowwm: number };
}

async function configOf(id: string): Promise<Config> {
  const headers = { "ais-node-id": id };
  const reply = await fetch(`${cluster.url}/v1/reverse/daemon?what=config`, { headers });
  return (await reply.json()) as Config;
}

async function allConfigs(): Promise<readonly Config[]> {
  const replies = cluster.daemons.map(async ({ url }) =>
    (await fetch(`${url}/v1/daemon?what=config`)).json(),
  );
  return (await Promise.all(replies)) as Config[];
}

async function restart(): Promise<void> {
  const [daemon] = cluster.targets;
  await daemon?.end("SIGKILL");
  daemon?.start();
  await daemon?.ready();
  await cluster.complete();
}

test("survive a kill when they persist, and are this node's alone", async () => {
  expect((await toTarget("/set-config?log.level=5&space.lowwm=70")).status).toBe(200);
  expect((await toTarget("/set-config?log.stats_time=1m&transient=true")).status).toBe(200);
  expect(await configOf(target)).toMatchObject({
    log: { level: "5", stats_time: "1m" },
    space: { lowwm: 70 },
  });
  const others = (await allConfigs()).filter(({ log }) => log.level !== "5");
  expect(others).toHaveLength(3);
  await restart();
  expect(await configOf(target)).toMatchObject({
    log: { level: "5", stats_time: "3m" },
    space: { lowwm: 70 },
  });
  const shown = await ais(cluster, "config", "node", target, "inherited", "space");
  expect(shown.out).toMatch(/space\.lowwm\s+70 \(cluster: 75\)/);
  expect((await ais(cluster, "config", "node", target, "space.lowwm=71")).out).toContain("config updated");
  expect((await ais(cluster, "config", "node", target, "reset")).status).toBe(0);
  expect(await configOf(target)).toMatchObject({ log: { level: "3" }, space: { lowwm: 75 } });
  await restart();
  expect(await configOf(target)).toMatchObject({ log: { level: "3" }, space: { lowwm: 75 } });
}, 60_000);

test("what is the cluster's alone is refused", async () => {
  const refused = await toTarget("/set-config?mirror.enabled=true");
  expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining("of the cluster")]);
});

test("a transient change of the cluster reaches every node, changes no document, and a reset takes it back", async () => {
  const version = async (): Promise<unknown> =>
    (
      (await (await fetch(`${cluster.url}/v1/cluster?what=cluster_config`)).json()) as Record<string, unknown>
    )["config_version"];
  const before = await version();
  expect((await put("/v1/cluster/set-config?log.level=4&transient=true")).status).toBe(200);
  expect((await allConfigs()).map(({ log }) => log.level)).toEqual(["4", "4", "4", "4"]);
  const nested = message("set-config", { space: { lowwm: 72 } });
  expect((await put("/v1/cluster?transient=true", { body: nested })).status).toBe(200);
  expect((await allConfigs()).map(({ space }) => space.lowwm)).toEqual([72, 72, 72, 72]);
  expect((await put("/v1/cluster", { body: message("reset-config") })).status).toBe(200);
  expect((await allConfigs()).map(({ log, space }) => [log.level, space.lowwm])).toEqual(
    Array.from({ length: 4 }, () => ["3", 75]),
  );
  expect(await version()).toEqual(before);
});

test("statistics go back to zero, on one node or all; those of errors alone if so asked", async () => {
  await put("/v1/buckets/none");
  for (let count = 0; count < 3; count++) await fetch(`${cluster.targets[0]?.url}/v1/objects/none/o`);
  const errors = async (): Promise<number> => {
    const reply = await fetch(`${cluster.targets[0]?.url}/v1/daemon?what=node_stats`);
    return ((await reply.json()) as { tracker: Record<string, number> }).tracker["err.get.n"] ?? 0;
  };
  // They are counted when their replies have been sent.
  const counted = (count: number) =>
    until(10_000, `${count} errors`, async () => ((await errors()) === count ? true : null));
  await counted(3);
  expect((await toTarget("", message("reset-stats", true))).status).toBe(200);
  expect(await errors()).toBe(0);
  await fetch(`${cluster.targets[0]?.url}/v1/objects/none/o`);
  await counted(1);
  expect((await put("/v1/cluster", { body: message("reset-stats", false) })).status).toBe(200);
  expect(await errors()).toBe(0);
});

test("logs are rotated on every node", async () => {
  await using logging = await TestCluster.start({ targets: 1, logs: true });
  const reply = await fetch(`${logging.url}/v1/cluster`, { method: "PUT", body: message("rotate-logs") });
  expect(reply.status).toBe(200);
  for (const { plan } of logging.daemons) {
    const files = readdirSync(join(plan.directory, "log"));
    expect(files.filter((file) => /^aisnode\..+\.log$/.test(file))).toHaveLength(1);
  }
}, 60_000);
