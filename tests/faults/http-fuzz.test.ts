/**
 * Broken and hostile requests at both HTTP servers, the proxy's and the target's: each is refused or its connection ends,
 * none is stored, the process stays up, and neither memory nor descriptors grow.
 */
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { must } from "@ais/base/assert.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import type { Daemon } from "@ais/testkit/daemon.ts";
import { SeededRandom } from "@ais/testkit/random.ts";
import { attack, attempt } from "./http-fuzz.fixture.ts";
import { ais, BUCKET, createBucket, get, put } from "./objects.fixture.ts";

const ATTACKS = 400;
const AT_A_TIME = 16;
const PATIENCE_MS = 20_000;
const MAX_GROWTH_BYTES = 64 << 20;
const PIPELINED = 50;

function descriptors({ pid }: Daemon): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Resolves with what went wrong, by what was sent. */
async function fuzz(daemon: Daemon, random: SeededRandom, first: number): Promise<readonly string[]> {
  const wrong: string[] = [];
  let next = first;
  const worker = async (): Promise<void> => {
    while (next < first + ATTACKS) {
      const { name, bytes, allowed, mayClose, half = false } = attack(random, BUCKET, next++);
      const { statuses, isClosed } = await attempt(daemon.plan.port, bytes, random, half, PATIENCE_MS);
      const isRight =
        statuses.length > 0 ? statuses.every((status) => allowed.includes(status)) : isClosed && mayClose;
      if (!isRight)
        wrong.push(
          `${name}: ${statuses.join(",")}${isClosed ? " closed" : " open"}: ${JSON.stringify(bytes.subarray(0, 120).toString("latin1"))}`,
        );
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return wrong;
}

function pipelined(port: number): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    let text = "";
    socket.on("error", () => {});
    socket.on("close", () =>
      resolve([...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status ?? "")),
    );
    socket.on("data", (data) => {
      text += data.toString("latin1");
    });
    const request = "GET /v1/daemon?what=snode HTTP/1.1\r\nHost: h\r\n\r\n";
    socket.write(request.repeat(PIPELINED - 1) + request.replace("Host: h", "Host: h\r\nConnection: close"));
    setTimeout(() => socket.destroy(), 20_000);
  });
}

for (const role of ["proxy", "target"] as const) {
  test(`the ${role}'s server stays up and flat`, async () => {
    const random = new SeededRandom();
    console.log(`seed ${random.seed}`);
    await using cluster = await TestCluster.start({ targets: 1 });
    await createBucket(cluster);
    const kept = random.bytes(100_000);
    expect((await put(cluster, "kept", kept)).status).toBe(200);
    const daemon = must((role === "proxy" ? cluster.proxies : cluster.targets)[0], role);
    const { pid } = daemon;

    const wrong = [...(await fuzz(daemon, random, 0))];
    await sleep(300);
    const before = { descriptors: descriptors(daemon), memory: daemon.memory().residentBytes };
    wrong.push(...(await fuzz(daemon, random, ATTACKS)));
    expect(wrong).toEqual([]);
    // Those of closed connections go in a moment.
    const deadlineMs = performance.now() + PATIENCE_MS;
    while (descriptors(daemon) > before.descriptors + 4 && performance.now() < deadlineMs) await sleep(50);
    expect(descriptors(daemon)).toBeLessThanOrEqual(before.descriptors + 4);
    expect(daemon.memory().residentBytes - before.memory).toBeLessThan(MAX_GROWTH_BYTES);
    expect(daemon.pid).toBe(pid);

    expect(await pipelined(daemon.plan.port)).toEqual(Array.from({ length: PIPELINED }, () => "200"));
    expect((await get(cluster, "kept")).body.equals(kept)).toBe(true);
    expect((await put(cluster, "after", kept)).status).toBe(200);
    expect(daemon.output).not.toContain(`"level":"error"`);
    const { out } = await ais(cluster, "ls", `ais://${BUCKET}`, "--name-only");
    // A body that is longer than announced is stored as announced; nothing else came through.
    for (const name of out.split("\n").filter((line) => line.startsWith("fuzz-")))
      expect((await get(cluster, name)).body.toString()).toBe("he");
  }, 120_000);
}
