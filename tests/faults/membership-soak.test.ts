/** Nodes go into maintenance, come back, die and stand still at random, under load: what was acknowledged is there, and nothing else. */
import { test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import type { Daemon } from "@ais/testkit/daemon.ts";
import { SeededRandom } from "@ais/testkit/random.ts";
import { ClusterClient, idOf } from "../integration/cluster.fixture.ts";
import { until } from "../integration/jobs.fixture.ts";
import { checkLoad, MembershipLoad } from "../integration/membership-load.fixture.ts";
import { rounds, soakTimeoutMs } from "./soak.fixture.ts";

const SHORT_ROUNDS = 6;
/** Of four: those left must be able to die one at a time. */
const OUT_MAX = 2;

class Disturbance {
  readonly #client: ClusterClient;
  readonly #random: SeededRandom;
  readonly #ids: ReadonlyMap<Daemon, string>;
  readonly #out = new Set<string>();

  constructor(client: ClusterClient, random: SeededRandom, ids: ReadonlyMap<Daemon, string>) {
    this.#client = client;
    this.#random = random;
    this.#ids = ids;
  }

  async next(): Promise<void> {
    const { targets, proxies } = this.#client.cluster;
    const target = must(targets[this.#random.integer(0, targets.length - 1)], "target");
    const proxy = must(proxies[this.#random.integer(0, proxies.length - 1)], "proxy");
    switch (this.#random.integer(0, 4)) {
      case 0:
        return this.#leave(this.#ids.get(target) ?? "");
      case 1:
        return this.#comeBack();
      case 2:
        return this.#kill(target);
      case 3:
        return this.#kill(proxy);
      default:
        target.pause();
        await Bun.sleep(this.#random.integer(50, 600));
        target.resume();
    }
  }

  async #leave(id: string): Promise<void> {
    if (this.#out.size >= OUT_MAX || this.#out.has(id)) return;
    if (await this.#act("start-maintenance", id)) this.#out.add(id);
  }

  async #comeBack(): Promise<void> {
    const [id] = this.#out;
    if (id !== undefined && (await this.#act("stop-maintenance", id))) this.#out.delete(id);
  }

  /** False when the cluster is busy with another change, or has no primary for the moment. */
  async #act(action: string, sid: string): Promise<boolean> {
    const reply = await this.#client.act("PUT", "/v1/cluster", action, { sid });
    const text = await reply.text();
    if (reply.status !== 200 && reply.status !== 409 && reply.status !== 503)
      throw new Error(`${action} ${sid}: ${reply.status} ${text}`);
    return reply.status === 200;
  }

  async #kill(daemon: Daemon): Promise<void> {
    await daemon.end("SIGKILL");
    await Bun.sleep(this.#random.integer(0, 300));
    daemon.start();
    await daemon.ready();
  }
}

async function untilQuiet(client: ClusterClient): Promise<void> {
  await until(60_000, "the rebalances to end", async () => {
    const { json } = await client.query("running_all", { kind: "rebalance" });
    return (json as readonly string[]).length === 0 ? true : null;
  });
}

test(
  "whatever happens to nodes, objects are what was acknowledged",
  async () => {
    const random = new SeededRandom();
    console.log(`seed ${random.seed}`);
    await using cluster = await TestCluster.start({ targets: 4, proxies: 2 });
    const client = new ClusterClient(cluster);
    await client.create("b");
    const ids = new Map<Daemon, string>();
    for (const target of cluster.targets) ids.set(target, await idOf(target));
    const [first, ...others] = cluster.proxies.map(({ url }) => url);
    const load = new MembershipLoad([must(first, "proxy"), ...others], "b", random, 6, 60);
    const disturbance = new Disturbance(client, random, ids);
    await rounds(SHORT_ROUNDS, async () => {
      await disturbance.next();
      await Bun.sleep(random.integer(50, 700));
    });
    await load.stop();
    await load.verify();
    // What was pending then has been done by now, and nothing is different.
    await untilQuiet(client);
    await checkLoad(load, client);
  },
  soakTimeoutMs(120_000),
);
