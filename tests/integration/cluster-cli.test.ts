/** The command line's verbs for nodes, against a real cluster. */
import { expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { ais } from "./ais.fixture.ts";
import { ClusterClient, idOf, untilEnded } from "./cluster.fixture.ts";
import { contentOf, numbered } from "./jobs.fixture.ts";

test("nodes go and come back by the command line, which shows them", async () => {
  await using cluster = await TestCluster.start({ targets: 3, proxies: 2 });
  const client = new ClusterClient(cluster);
  await client.create("b");
  const names = numbered("o", 60);
  await client.fill("b", names, contentOf);
  const target = must(cluster.targets[0], "target");
  const id = await idOf(target);
  const { proxy_si } = await client.smap();
  const verb = (...words: readonly string[]) => ais(cluster, "cluster", "add-remove-nodes", ...words);

  expect(await verb("start-maintenance", `t[${id}]`)).toMatchObject({
    status: 2,
    err: `Error: this takes --yes where there is no terminal to ask on: Put t[${id}] in maintenance mode?\n`,
  });
  expect(await verb("start-maintenance", `p[${proxy_si.daemon_id}]`, "-y")).toMatchObject({
    status: 2,
    err: expect.stringContaining("is primary (cannot start-maintenance the primary node)"),
  });
  expect(await verb("start-maintenance", "nobody00", "-y")).toMatchObject({ status: 2 });
  expect(await client.flags(id)).toBe(0);

  expect(await verb("start-maintenance", `t[${id}]`, "-y")).toEqual({
    status: 0,
    out: `Started rebalance "g1" (to monitor, run 'ais show rebalance').\nt[${id}] is now in maintenance mode\n`,
    err: "",
  });
  await client.wait("g1");
  await client.untilFlags(id, 4 | 16);
  const shown = await ais(cluster, "show", "cluster");
  expect(shown.out).toMatch(new RegExp(`t\\[${id}\\] .*maintenance`));
  expect(shown.out).toMatch(/Targets:? +3 \(1 inactive\)/);
  expect(shown.out).toMatch(/^TARGET .* REBALANCE /m);
  expect(shown.out).toMatch(/Rebalance:? +finished\(g1\)/);
  const history = await ais(cluster, "show", "rebalance", "--all");
  expect(history.out).toMatch(
    /^REB ID +NODE +TX OBJECTS +TX BYTES +RX OBJECTS +RX BYTES +START +END +STATE/m,
  );
  expect(history.out).toMatch(new RegExp(`^g1 +t\\[${id}\\] .* Finished`, "m"));
  expect(history.out).toMatch(/^g1: \d+ objects migrated/m);
  const dated = await ais(cluster, "show", "rebalance", "--all", "--date-time");
  expect(dated.out).toMatch(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {3}\d{4}-\d\d-\d\d \d\d:/);
  expect((await ais(cluster, "show", "rebalance")).out).toContain("not running");

  expect((await verb("stop-maintenance", id, "--no-rebalance", "-y")).out).toBe(`t[${id}] is now active\n`);
  expect(await client.flags(id)).toBe(0);
  const started = await ais(cluster, "start", "rebalance", "--wait");
  expect(started.out).toMatch(/^rebalance\[g2\] done: \d+ objects/);
  expect(await client.wrong("b", names, contentOf)).toEqual([]);

  const other =
    (await Promise.all(cluster.proxies.map(idOf))).find((each) => each !== proxy_si.daemon_id) ?? "";
  expect(await ais(cluster, "cluster", "set-primary", `p[${other}]`)).toEqual({
    status: 0,
    out: `p[${other}] is now a new primary\n`,
    err: "",
  });
  expect(await ais(cluster, "cluster", "set-primary", `t[${id}]`)).toMatchObject({ status: 2 });

  const pids = cluster.daemons.map((daemon) => [daemon, daemon.pid] as const);
  expect((await ais(cluster, "cluster", "shutdown", "-y")).out).toBe("Cluster successfully shut down\n");
  for (const [daemon, pid] of pids) await untilEnded(daemon, pid);
  for (const daemon of cluster.daemons) daemon.start();
  await Promise.all(cluster.daemons.map((daemon) => daemon.ready()));
  await cluster.complete();
  expect(await client.wrong("b", names, contentOf)).toEqual([]);
}, 120_000);

test("a decommissioned cluster holds nothing any more", async () => {
  await using cluster = await TestCluster.start({ targets: 1, proxies: 1 });
  const client = new ClusterClient(cluster);
  await client.create("b");
  await client.put("b", "o", "content");
  const pids = cluster.daemons.map((daemon) => [daemon, daemon.pid] as const);
  expect(await ais(cluster, "cluster", "decommission", "--rm-user-data", "-y")).toMatchObject({
    status: 0,
    out: "Cluster successfully decommissioned\n",
  });
  for (const [daemon, pid] of pids) await untilEnded(daemon, pid);
  for (const daemon of cluster.daemons) daemon.start();
  await Promise.all(cluster.daemons.map((daemon) => daemon.ready()));
  await cluster.complete();
  expect((await fetch(`${cluster.url}/v1/objects/b/o`)).status).toBe(404);
  await client.create("b");
  expect(await client.names("b")).toEqual([]);
}, 120_000);
