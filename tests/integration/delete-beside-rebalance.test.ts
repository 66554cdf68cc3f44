/** Objects are deleted by a job while they move from target to target: when the job has ended well, they are gone. */
import { expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { ClusterClient, heldBy, idOf } from "./cluster.fixture.ts";
import { contentOf, numbered, until } from "./jobs.fixture.ts";

const ROUNDS = 2;

test("a deletion of many objects beside a rebalance leaves none of them", async () => {
  await using cluster = await TestCluster.start({ targets: 3 });
  const client = new ClusterClient(cluster);
  await client.create("b");
  const id = await idOf(must(cluster.targets[0], "target"));
  for (let round = 0; round < ROUNDS; round++) {
    await client.fill("b", numbered(`d${round}/`, 900), contentOf);
    const kept = `k${round}/`;
    await client.fill("b", numbered(kept, 20), contentOf);
    const isOut = round % 2 === 1;
    const rebalance = await client.changeNode(isOut ? "stop-maintenance" : "start-maintenance", id);
    const value = { template: `d${round}/` };
    const deletion = await client.job("DELETE", "/v1/buckets/b", "delete-listrange", value);
    expect(await client.wait(deletion)).toMatchObject({ aborted: false, err: "" });
    // Nothing is left behind that would be seen only later.
    const names = await client.names("b");
    expect(names.filter((name) => name.startsWith("d"))).toEqual([]);
    expect(await client.wait(rebalance)).toMatchObject({ aborted: false });
    expect((await client.names("b")).length).toBe(20 * (round + 1));
    const snaps = await client.snaps({ id: deletion });
    expect(snaps.every((snap) => snap.is_idle && !snap.aborted)).toBe(true);
  }
}, 120_000);

/** Takes longer than a job takes to begin and to look at every target. */
const LARGE_BYTES = 160 * 1024 * 1024;

test("what a read has on its way to its owner when the deletion begins is deleted there", async () => {
  await using cluster = await TestCluster.start({ targets: 2 });
  const client = new ClusterClient(cluster);
  await client.create("b");
  const names = numbered("big", 24);
  await client.fill("b", names, () => Buffer.from("small"));
  const target = must(cluster.targets[0], "target");
  const [large = ""] = await heldBy(target, "b", "2");
  expect(await client.put("b", large, Buffer.alloc(LARGE_BYTES, large))).toBe(200);
  const id = await idOf(target);
  expect(await client.changeNode("start-maintenance", id, { skip_rebalance: true })).toBe("");
  await client.untilFlags(id, 4);
  // Its owner of now asks for it.
  const reading = fetch(`${cluster.url}/v1/objects/b/${large}`).then((reply) => reply.bytes());
  await until(10_000, "it to be on its way", async () => {
    const reply = await fetch(`${target.url}/v1/daemon?what=inflight`);
    const requests = (await reply.json()) as readonly { readonly operation: string }[];
    return requests.some(({ operation }) => operation === "intra.hand-over") ? true : null;
  });
  const deletion = await client.job("DELETE", "/v1/buckets/b", "delete-listrange", { template: "big" });
  expect(await client.wait(deletion)).toMatchObject({ aborted: false, err: "" });
  await reading;
  expect((await fetch(`${cluster.url}/v1/objects/b/${large}`)).status).toBe(404);
  expect(await client.names("b")).toEqual([]);
}, 120_000);
