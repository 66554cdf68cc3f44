/** kill -9 of a target during writes: acknowledged means there and whole, anything else is not visible or whole. */
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { SeededRandom } from "@ais/testkit/random.ts";

const ROUNDS = 4;
const WRITERS = 12;
const SIZES = [0, 100, 4096, 16_384, 16_385, 70_000, 1_500_000] as const;

interface Version {
  readonly fill: number;
  readonly size: number;
}

test("acknowledged writes survive kill -9, torn ones are never seen", async () => {
  const random = new SeededRandom();
  console.log(`seed ${random.seed}`);
  await using cluster = await TestCluster.start({ targets: 1, mountpathsPerTarget: 2 });
  const target = must(cluster.targets[0], "target");
  await fetch(`${cluster.url}/v1/buckets/b`, {
    method: "POST",
    body: JSON.stringify({ action: "create-bck", name: "", value: null }),
  });
  const id = await daemonId(target.url);
  const acknowledged = new Map<string, Version>();
  const attempted = new Map<string, Version[]>();

  for (let round = 0; round < ROUNDS; round++) {
    let dead = false;
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      while (!dead) {
        // Every writer has its own keys, and comes back to some of them.
        const name = `w${writer}/${random.integer(0, 15)}`;
        const version = { fill: random.integer(1, 255), size: random.pick(SIZES) };
        attempted.set(name, [...(attempted.get(name) ?? []), version]);
        const reply = await fetch(`${cluster.url}/v1/objects/b/${name}`, {
          method: "PUT",
          body: Buffer.alloc(version.size, version.fill),
        }).catch(() => null);
        if (reply?.status === 200) {
          acknowledged.set(name, version);
          attempted.set(name, []);
        }
      }
    });
    // Of a slow disk too some writes are there before.
    while (acknowledged.size < 15 * (round + 1)) await Bun.sleep(5);
    await Bun.sleep(random.integer(150, 900));
    await target.end("SIGKILL");
    dead = true;
    await Promise.all(writers);
    target.start();
    await target.ready();
    await cluster.complete();
    expect(await daemonId(target.url)).toBe(id);
    await check(cluster, acknowledged, attempted);
  }
  expect(acknowledged.size).toBeGreaterThan(50);
  const leftovers = readdirSync(target.plan.directory, { recursive: true }).map(String);
  expect(leftovers.filter((path) => /tmp|work|partial/i.test(path.split("/").at(-1) ?? ""))).toEqual([]);
}, 120_000);

async function check(
  cluster: TestCluster,
  acknowledged: Map<string, Version>,
  attempted: ReadonlyMap<string, readonly Version[]>,
): Promise<void> {
  for (const name of attempted.keys()) {
    const reply = await fetch(`${cluster.url}/v1/objects/b/${name}`);
    const body = Buffer.from(await reply.arrayBuffer());
    const expected = acknowledged.get(name);
    // The newest write may have been stored without its acknowledgement having reached the writer.
    const allowed = [...(expected ? [expected] : []), ...(attempted.get(name) ?? [])];
    if (reply.status === 404) {
      expect({ name, expected }).toEqual({ name, expected: undefined });
      continue;
    }
    expect(reply.status).toBe(200);
    const found = allowed.find((version) => body.equals(Buffer.alloc(version.size, version.fill)));
    if (found === undefined)
      throw new Error(
        `${name} holds ${body.length} bytes of ${body[0]}, want one of ${JSON.stringify(allowed)}`,
      );
    acknowledged.set(name, found);
  }
}

async function daemonId(url: string): Promise<string> {
  const snode = (await (await fetch(`${url}/v1/daemon?what=snode`)).json()) as { daemon_id: string };
  return snode.daemon_id;
}
