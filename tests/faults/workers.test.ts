/** kill -9 of single processes of a node: what was acknowledged is there, the rest goes on, and nobody is left behind. */
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import type { Daemon } from "@ais/testkit/daemon.ts";
import { SeededRandom } from "@ais/testkit/random.ts";
import { fetchAnew, isRunning, metric, until, workerPids } from "../integration/workers.fixture.ts";
import { BUCKET, createBucket } from "./objects.fixture.ts";
import { rounds, soakTimeoutMs } from "./soak.fixture.ts";

const WRITERS = 8;
const KEYS_PER_WRITER = 8;
const SIZES = [100, 4096, 16_384, 16_385, 70_000, 600_000] as const;

/** Every attempt has a number of its own, and its content says which one it is of. */
interface Version {
  readonly attempt: number;
  readonly size: number;
}

function contentOf({ attempt, size }: Version): Buffer {
  return Buffer.alloc(size, `${attempt};`);
}

/** What each key may hold: the last acknowledged version, or one that was tried since, whose outcome nobody knows. */
class Ledger {
  readonly #versions = new Map<string, Version[]>();
  readonly #acknowledged = new Map<string, Version>();
  #attempts = 0;
  acknowledgements = 0;

  attempt(key: string, size: number): Version {
    const version = { attempt: ++this.#attempts, size };
    this.#versions.set(key, [...(this.#versions.get(key) ?? []), version]);
    return version;
  }

  acknowledge(key: string, version: Version): void {
    this.#acknowledged.set(key, version);
    this.acknowledgements++;
  }

  get keys(): readonly string[] {
    return [...this.#versions.keys()];
  }

  /** Null when what a read found is all right. */
  problem(key: string, status: number, body: Buffer): string | null {
    const acknowledged = this.#acknowledged.get(key);
    const wanted = `wanted attempt ${acknowledged?.attempt ?? "none"} or newer`;
    if (status === 404) return acknowledged === undefined ? null : `${key} is lost, ${wanted}`;
    const found = this.#versions.get(key)?.find((version) => body.equals(contentOf(version)));
    if (status !== 200 || found === undefined) return `${key}: ${status}, ${body.length} bytes, ${wanted}`;
    const isOld = acknowledged !== undefined && found.attempt < acknowledged.attempt;
    return isOld ? `${key}: attempt ${found.attempt}, ${wanted}` : null;
  }
}

/** Writes its own keys over and over until it is told to stop; failures are retried on a connection of their own. */
async function write(
  url: string,
  writer: number,
  random: SeededRandom,
  ledger: Ledger,
  isOver: () => boolean,
) {
  while (!isOver()) {
    const key = `w${writer}/${random.integer(0, KEYS_PER_WRITER - 1)}`;
    const version = ledger.attempt(key, random.pick(SIZES));
    const reply = await fetchAnew(`${url}/v1/objects/${BUCKET}/${key}`, {
      method: "PUT",
      body: contentOf(version),
    }).catch(() => null);
    if (reply?.status === 200) ledger.acknowledge(key, version);
  }
}

async function problems(url: string, ledger: Ledger): Promise<readonly string[]> {
  const found: string[] = [];
  for (const key of ledger.keys) {
    const reply = await fetchAnew(`${url}/v1/objects/${BUCKET}/${key}`);
    const problem = ledger.problem(key, reply.status, Buffer.from(await reply.arrayBuffer()));
    if (problem !== null) found.push(problem);
  }
  return found;
}

function newestWorker(daemon: Daemon): number {
  return must(workerPids(daemon).at(-1), "a worker");
}

test(
  "a worker that is killed loses nothing acknowledged, and is replaced while the node serves on",
  async () => {
    const random = new SeededRandom();
    console.log(`seed ${random.seed}`);
    await using cluster = await TestCluster.start({ targets: 1, mountpathsPerTarget: 2, workers: 2 });
    const [target, proxy] = [must(cluster.targets[0], "target"), must(cluster.proxies[0], "proxy")];
    await createBucket(cluster);
    const ledger = new Ledger();
    let kills = 0;
    let lastCount = 0;
    await rounds(5, async () => {
      let isOver = false;
      const writers = Array.from({ length: WRITERS }, (_, writer) =>
        write(cluster.url, writer, random, ledger, () => isOver),
      );
      await Bun.sleep(random.integer(100, 600));
      const victim = random.pick([target, target, proxy]);
      const pid = newestWorker(victim);
      process.kill(pid, "SIGKILL");
      const before = ledger.acknowledgements;
      await until("the others serve on", () => ledger.acknowledgements > before + 2 * WRITERS);
      await until("there is another worker", () => newestWorker(victim) !== pid);
      kills++;
      isOver = true;
      await Promise.all(writers);
      expect(await problems(cluster.url, ledger)).toEqual([]);
      // What the dead had counted is not forgotten.
      const count = await metric(target, "ais_target_put_count{");
      expect(count).toBeGreaterThanOrEqual(lastCount);
      lastCount = count;
    });
    const restarts =
      (await metric(target, "ais_target_worker_restarts_count{")) +
      (await metric(proxy, "ais_proxy_worker_restarts_count{"));
    expect(restarts).toBe(kills);
    // A scrape may have missed what was counted in the last second of each.
    expect(lastCount).toBeGreaterThan(ledger.acknowledgements * 0.5);
    await until("what the dead were writing is gone", () => leftovers(target).length === 0);
    await expectSound(cluster, target);
  },
  soakTimeoutMs(120_000),
);

/** Temporary files below the mountpaths. */
function leftovers(target: Daemon): readonly string[] {
  const names = readdirSync(target.plan.directory, { recursive: true }).map(String);
  return names.filter((name) => /tmp|partial/i.test(name.split("/").at(-1) ?? ""));
}

test(
  "workers end with a main process that is killed, and the node starts again with everything acknowledged",
  async () => {
    const random = new SeededRandom();
    console.log(`seed ${random.seed}`);
    await using cluster = await TestCluster.start({ targets: 1, mountpathsPerTarget: 2, workers: 3 });
    const target = must(cluster.targets[0], "target");
    await createBucket(cluster);
    const ledger = new Ledger();
    await rounds(3, async (round) => {
      let isOver = false;
      const writers = Array.from({ length: WRITERS }, (_, writer) =>
        write(cluster.url, writer, random, ledger, () => isOver),
      );
      await Bun.sleep(random.integer(100, 600));
      const workers = workerPids(target).slice(-2);
      expect([round, workers.map(isRunning)]).toEqual([round, [true, true]]);
      await target.end("SIGKILL");
      // At once, as a supervisor would: what is left of the old processes must not be in the way.
      target.start();
      await until("the workers have ended", () => workers.every((pid) => !isRunning(pid)), 2_000);
      isOver = true;
      await Promise.all(writers);
      await target.ready();
      await cluster.complete();
      expect(await problems(cluster.url, ledger)).toEqual([]);
      expect(leftovers(target)).toEqual([]);
    });
    expect(ledger.acknowledgements).toBeGreaterThan(20);
    await expectSound(cluster, target);
  },
  soakTimeoutMs(120_000),
);

/** A check of everything, by the real command line, finds no damage. */
async function expectSound(cluster: TestCluster, target: Daemon): Promise<void> {
  expect(await target.end("SIGTERM")).toBe(0);
  for (const name of ["mp1", "mp2"]) {
    const path = join(target.plan.directory, name);
    const command = ["storage", "check", "--verify", "--mountpath", path];
    const child = Bun.spawn([process.execPath, "apps/ais/main.ts", ...command], {
      env: { PATH: process.env["PATH"] ?? "", HOME: cluster.directory, NO_COLOR: "1" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const text = await child.stdout.text();
    expect([await child.exited, text]).toEqual([
      0,
      expect.not.stringMatching(/missing|orphan|temporary|retired/),
    ]);
  }
}
