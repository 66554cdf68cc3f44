/** A target as a member of a real cluster, over a coordinator on disk. */
import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@ais/base/log.ts";
import { openCoordinator } from "@ais/cluster/coordinator/open.ts";
import { createClusterMember } from "@ais/cluster/membership.ts";
import { createStartGate } from "@ais/node/start-gate.ts";
import { memoryNode } from "@ais/node/testing/memory-member.ts";
import { memoryServices } from "@ais/node/testing/memory-services.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import { withBucket, withoutBucket } from "@ais/wire/bmd.ts";
import { defaultBprops } from "@ais/wire/bprops.ts";
import type { Snode } from "@ais/wire/smap.ts";
import { createTarget, startTargetServer } from "./target.ts";
import { REDIRECTED } from "./testing/target-fixture.ts";

test("serves a bucket as soon as it is made and sweeps it when it is gone", async () => {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "target-cluster-"));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const coordinator = stack.use(await openCoordinator(`sqlite:${join(directory, "cluster.db")}`));
  const stop = new AbortController();
  const runs: Promise<void>[] = [];
  const roleResources = stack.use(new AsyncDisposableStack());
  const gate = createStartGate();
  const server = await startTargetServer({
    hostname: "127.0.0.1",
    port: 0,
    handler: gate.handler,
    idleTimeoutMs: 30_000,
  });
  stack.defer(() => server.stop(1000));
  const self = memoryNode("target", "targetone", server.port, 1n);
  const services = memoryServices(self);
  const joinCluster = async (node: Snode) => {
    const tracing = services.tracing;
    const member = stack.use(
      await createClusterMember({ coordinator, self: node, logger: silentLogger, tracing }),
    );
    runs.push(member.run(stop.signal));
    await member.ready(stop.signal);
    return member;
  };
  const proxy = await joinCluster(memoryNode("proxy", "proxyone", 1, 2n));
  const member = await joinCluster(self);
  const mountpaths = [join(directory, "mp")];
  const target = roleResources.use(await createTarget({ ...services, member, mountpaths }));
  gate.open(target.handler);

  const bucket = aisBucket("made");
  const props = defaultBprops(member.snapshot.config, { bid: 1n, createdNs: 1n });
  const created = await proxy.updateBmd((bmd) => withBucket(bmd, bucket, props), NOOP_SPAN);
  const url = `http://127.0.0.1:${server.port}/v1/objects/made/o?${REDIRECTED}&bmdv=${created.bmd.version}`;
  expect((await fetch(url, { method: "PUT", body: "content" })).status).toBe(200);
  expect(await (await fetch(url)).text()).toBe("content");

  const seen = new Promise<void>((resolve) => {
    member.onChange(({ after }) => {
      if (after.bmd.version !== created.bmd.version) resolve();
    });
  });
  await proxy.updateBmd((bmd) => withoutBucket(bmd, bucket), NOOP_SPAN);
  await seen;
  await target.sweep.idle();
  expect((await fetch(url)).status).toBe(404);
  const { objects } = await target.store.list(
    1n,
    { prefix: "", after: "", limit: 10, delimiter: "" },
    NOOP_SPAN,
  );
  expect(objects).toEqual([]);
  stop.abort();
  await Promise.all(runs);
});
