/** Calls between nodes are believed from nodes of the cluster only: over real daemons, every such operation. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { must } from "@ais/base/assert.ts";
import { systemClock } from "@ais/base/clock.ts";
import { IntraAuth } from "@ais/node/intra-auth.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import type { Daemon } from "@ais/testkit/daemon.ts";
import { OPERATIONS } from "@ais/wire/operations.ts";
import { ais } from "./ais.fixture.ts";

const INTRA = Object.entries(OPERATIONS).filter(([operation]) => operation.startsWith("intra."));

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({ targets: 2 });
  for (const bucket of ["a", "b"])
    await fetch(`${cluster.url}/v1/buckets/${bucket}`, { method: "POST", body: '{"action":"create-bck"}' });
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

async function refusedCount({ url }: Daemon): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/_intra_refused_count\{[^}]*\} (\d+)/.exec(text)?.[1]);
}

async function idOf({ url }: Daemon): Promise<string> {
  const { daemon_id } = (await (await fetch(`${url}/v1/daemon?what=snode`)).json()) as { daemon_id: string };
  return daemon_id;
}

test("there are such operations", () => {
  expect(INTRA.length).toBeGreaterThan(5);
});

test.each(INTRA)("%s is refused to strangers", async (_, { method, route }) => {
  const target = must(cluster.targets[0], "target");
  const stranger = new IntraAuth({ key: randomBytes(32), nodeId: "proxyone", clock: systemClock });
  const url = `${target.url}${route}`;
  const before = await refusedCount(target);
  for (const headers of [
    {},
    stranger.headers(method, url, await idOf(target)),
    { "User-Agent": "Ais-Node" },
  ]) {
    const reply = await fetch(url, { method, headers, ...(method === "GET" ? {} : { body: "{}" }) });
    expect([reply.status, await reply.text()]).toEqual([
      401,
      expect.stringContaining("a call between nodes"),
    ]);
  }
  expect(await refusedCount(target)).toBe(before + 3);
  expect(target.output).toContain("refused a call between nodes");
});

test("nodes believe each other: listings, metadata, copies that cross targets, jobs", async () => {
  const before = await Promise.all(cluster.daemons.map(refusedCount));
  const names = Array.from({ length: 20 }, (_, n) => `o${n}`);
  for (const name of names) {
    // Some small, some large enough to be files.
    const body = name.repeat(name.length % 2 === 0 ? 10 : 20_000);
    expect((await fetch(`${cluster.url}/v1/objects/a/${name}`, { method: "PUT", body })).status).toBe(200);
    const copy = `${cluster.url}/v1/objects/a/${name}?object_to=ais/@%23/b/copy-${name}`;
    expect((await fetch(copy, { method: "PUT" })).status).toBe(200);
  }
  const listed = await ais(cluster, "ls", "ais://b", "--name-only");
  for (const name of names) expect(listed.out).toContain(`copy-${name}`);
  expect(await Promise.all(cluster.daemons.map(refusedCount))).toEqual(before);
  const stranger = await fetch(`${cluster.url}/v1/reverse/daemon/%2e%2e/intra/jobs`, {
    headers: { "Ais-Node-Id": await idOf(must(cluster.targets[0], "target")) },
  });
  expect(stranger.status).toBeGreaterThanOrEqual(400);
});
