import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { renameSync } from "node:fs";
import { isAisError } from "@ais/base/errors.ts";
import type { Logger } from "@ais/base/log.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { eventually, smapText, TestCluster, testNode, untilSmap } from "./fixtures/test-cluster.ts";
import { SPAN } from "./span-names.ts";

/** Short, so that failures are noticed soon; renewed every half second, which a busy machine may put off. */
const TTL_MS = 1_500;
/** A sweep of expired leases and a poll of the watch later, on a busy machine. */
const NOTICE_MS = 8_000;

let cluster: TestCluster;
beforeEach(() => {
  cluster = new TestCluster();
});
afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

test("killed processes leave the Smap within the ttl, the other proxy takes over, the same ids come back", async () => {
  const [p1, t1] = await Promise.all([
    cluster.spawn(testNode("proxy", "p1", 1), TTL_MS),
    cluster.spawn(testNode("target", "t1", 2), TTL_MS),
  ]);
  const { member, tracing } = await cluster.start(testNode("proxy", "p2", 3), { leaseTtlMs: TTL_MS });
  await untilSmap(member, "p1* p2 t1");
  await eventually(
    () => p1.isPrimary,
    () => "p1 does not know that it leads",
  );

  t1.signal("SIGKILL");
  await untilSmap(member, "p1* p2", TTL_MS + NOTICE_MS);
  p1.signal("SIGKILL");
  await untilSmap(member, "p2*", TTL_MS + NOTICE_MS);
  expect(member.isPrimary).toBe(true);
  expect(tracing.named(SPAN.electionWon)).toHaveLength(1);

  const [again] = await Promise.all([
    cluster.spawn(testNode("target", "t1", 4), TTL_MS),
    cluster.spawn(testNode("proxy", "p1", 1), TTL_MS),
  ]);
  await untilSmap(member, "p1 p2* t1");
  expect(member.snapshot.smap.tmap["t1"]?.public_net.daemon_port).toBe("4");

  const left = performance.now();
  again.signal("SIGTERM");
  await untilSmap(member, "p1 p2*");
  expect(performance.now() - left).toBeLessThan(TTL_MS);
  expect(await again.exited).toBe(0);
}, 60_000);

test("a primary that stood still finds out before it does harm, and joins again", async () => {
  const p1 = await cluster.spawn(testNode("proxy", "p1", 1), TTL_MS);
  const { member } = await cluster.start(testNode("proxy", "p2", 2), { leaseTtlMs: TTL_MS });
  p1.signal("SIGSTOP");
  await untilSmap(member, "p2*", TTL_MS + NOTICE_MS);
  p1.signal("SIGCONT");
  await untilSmap(member, "p1 p2*");
  expect(p1.isPrimary).toBe(false);
  expect(member.isPrimary).toBe(true);
});

test("a primary that is cut off stops leading by its own clock, while the others carry on", async () => {
  const first = await cluster.start(testNode("proxy", "p1", 1), { leaseTtlMs: TTL_MS });
  const second = await cluster.start(testNode("proxy", "p2", 2), { leaseTtlMs: TTL_MS });
  let leaders = 0;
  const timer = setInterval(() => {
    leaders = Math.max(leaders, Number(first.member.isPrimary) + Number(second.member.isPrimary));
  }, 1);
  first.link.cut();
  await untilSmap(second.member, "p2*", TTL_MS + NOTICE_MS);
  expect(first.member.isPrimary).toBe(false);
  expect(first.tracing.named(SPAN.electionLost)[0]?.attributes["ais.reason"]).toBe(
    "lease not renewed in time",
  );
  expect(smapText(first.member.snapshot.smap)).toBe("p1* p2");
  first.link.heal();
  await untilSmap(first.member, "p1 p2*");
  clearInterval(timer);
  expect(leaders).toBe(1);
  expect(first.tracing.named(SPAN.leaseLost)).toHaveLength(1);
  expect(first.tracing.named(SPAN.coordinatorLost).every(({ ended }) => ended)).toBe(true);
  await first.member.ready(AbortSignal.timeout(3000));
});

test("without the database a node serves from its last snapshot, says so once, and recovers", async () => {
  const lines: string[] = [];
  const logger: Logger = { log: (level, message) => lines.push(`${level}: ${message}`) };
  const proxy = await cluster.start(testNode("proxy", "p1", 1), { leaseTtlMs: TTL_MS, logger });
  const { smap } = proxy.member.snapshot;
  renameSync(cluster.databasePath, `${cluster.databasePath}.away`);
  await eventually(
    () => !proxy.member.isPrimary,
    () => "still the primary",
  );
  expect(proxy.member.snapshot.smap).toBe(smap);
  expect(proxy.member.isReady).toBe(true);
  const refused = await proxy.member
    .updateBmd((bmd) => ({ ...bmd }), NOOP_SPAN)
    .catch((error: unknown) => error);
  expect(isAisError(refused, "unavailable")).toBe(true);
  expect(lines.filter((line) => line.startsWith("warn: coordinator unavailable"))).toHaveLength(1);

  renameSync(`${cluster.databasePath}.away`, cluster.databasePath);
  await eventually(
    () => proxy.member.isPrimary,
    () => lines.join("\n"),
  );
  expect(lines).toContain("info: coordinator available again");
  expect(proxy.tracing.named(SPAN.coordinatorLost)).toMatchObject([{ ended: true, failed: "unavailable" }]);
  const { bmd } = await proxy.member.updateBmd((current) => ({ ...current }), NOOP_SPAN);
  expect(bmd.version).toBe("2");
});

test("a database that stays locked for longer than the ttl suspends the primary, and the cluster comes back", async () => {
  const proxy = await cluster.start(testNode("proxy", "p1", 1), { leaseTtlMs: TTL_MS });
  const target = await cluster.start(testNode("target", "t1", 2), { leaseTtlMs: TTL_MS });
  const other = new Database(cluster.databasePath);
  other.run("BEGIN IMMEDIATE");
  await eventually(
    () => !proxy.member.isPrimary,
    () => "still the primary",
  );
  expect(smapText(target.member.snapshot.smap)).toBe("p1* t1");
  other.run("ROLLBACK");
  other.close();
  await eventually(
    () => proxy.member.isPrimary && proxy.member.isReady && target.member.isReady,
    () => smapText(target.member.snapshot.smap),
  );
  await untilSmap(target.member, "p1* t1");
});
