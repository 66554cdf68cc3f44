/** A target is lost for good: whoever says so goes on without it, whether rebalancing is enabled or not. */
import { expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { ais } from "./ais.fixture.ts";
import { ClusterClient, idOf } from "./cluster.fixture.ts";
import { contentOf, numbered, until } from "./jobs.fixture.ts";

test("what a lost target held is given up by name, and renames go on", async () => {
  await using cluster = await TestCluster.start({ targets: 2, leaseTtl: "4s" });
  const client = new ClusterClient(cluster);
  const lost = must(cluster.targets[1], "target");
  const id = await idOf(lost);
  // Without a bucket nothing is missed: that target is forgotten by itself.
  await lost.end("SIGKILL");
  await cluster.complete(1);
  const byHand = async (): Promise<readonly [number, string]> => {
    const reply = await client.act("PUT", "/v1/cluster", "start", { Kind: "rebalance" });
    return [reply.status, await reply.text()];
  };
  await until(30_000, "the loss to be forgotten", async () =>
    (await byHand())[1].includes(id) ? null : true,
  );
  await client.create("b");
  const moved = client.job("POST", "/v1/buckets/b?bck_to=ais/@%23/c/", "move-bck");
  expect(await client.wait(await moved)).toMatchObject({ aborted: false, err: "" });

  expect(
    (await client.act("PUT", "/v1/cluster", "set-config", { rebalance: { enabled: false } })).status,
  ).toBe(200);
  lost.start();
  await lost.ready();
  await cluster.complete(2);
  const names = numbered("o", 40);
  await client.fill("c", names, contentOf);
  await lost.end("SIGKILL");
  await cluster.complete(1);
  expect(await byHand()).toEqual([400, expect.stringContaining(`decommission ${id}`)]);
  const careless = await client.act("PUT", "/v1/cluster", "decommission-node", {
    sid: id,
    skip_rebalance: false,
  });
  expect([careless.status, await careless.text()]).toEqual([
    400,
    expect.stringContaining("left the cluster with its objects"),
  ]);
  // Begun before, it waits for the target, and needs it no longer once that is given up.
  const waiting = await client.job("POST", "/v1/buckets/c?bck_to=ais/@%23/copied/", "copy-bck");
  await Bun.sleep(2500);
  expect((await client.status(waiting)).end_time).toBe(0);
  const verb = ["cluster", "add-remove-nodes", "decommission", id, "--no-rebalance", "-y"];
  expect(await ais(cluster, ...verb)).toMatchObject({
    status: 0,
    out: expect.stringContaining(`t[${id}] has been decommissioned`),
  });
  expect(await client.wait(waiting)).toMatchObject({ aborted: false, err: "" });
  const renamed = client.job("POST", "/v1/buckets/c?bck_to=ais/@%23/d/", "move-bck");
  expect(await client.wait(await renamed)).toMatchObject({ aborted: false, err: "" });
  const left = await client.names("d");
  expect(left.length).toBeGreaterThan(0);
  expect(await client.wrong("d", left, contentOf)).toEqual([]);
  expect(await client.names("copied")).toEqual(left);
}, 120_000);
