/** Jobs over objects whose newest form is at a target that is not their owner, at two targets mutually. */
import { expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { ClusterClient } from "./cluster.fixture.ts";
import { numbered } from "./jobs.fixture.ts";

/** Far less than a share may stand still. */
const JOB_MAX_MS = 60_000;

test("two targets that lack what the other one got for it end their shares of a job, and nothing old is copied", async () => {
  await using cluster = await TestCluster.start({ targets: 3, leaseTtl: "4s" });
  const client = new ClusterClient(cluster);
  await client.create("b");
  const names = numbered("o", 120);
  await client.fill("b", names, () => Buffer.from("old"));
  const config = { rebalance: { enabled: false } };
  expect((await client.act("PUT", "/v1/cluster", "set-config", config)).status).toBe(200);
  const newest = (name: string) => Buffer.from(`new ${name}`);
  // While one is away the other one gets what it owns, and the other way round.
  for (const [index, half] of [names.slice(0, 60), names.slice(60)].entries()) {
    const target = must(cluster.targets[index], "target");
    await target.end("SIGKILL");
    await cluster.complete(2);
    await client.fill("b", half, newest);
    target.start();
    await target.ready();
    await cluster.complete(3);
  }
  const copy = client.job("POST", "/v1/buckets/b?bck_to=ais/@%23/copied/", "copy-bck");
  expect(await client.wait(await copy, JOB_MAX_MS)).toMatchObject({ aborted: false, err: "" });
  expect(await client.wrong("copied", names, newest)).toEqual([]);
}, 120_000);
