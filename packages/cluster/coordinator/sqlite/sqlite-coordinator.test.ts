import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAisError } from "@ais/base/errors.ts";
import { type CoordinatorFixture, collect, coordinatorCaseSuite } from "../coordinator.case-suite.ts";
import { CompactedError, type Coordinator } from "../coordinator.ts";
import { openCoordinator } from "../open.ts";
import type { MachineClock } from "./machine-clock.ts";
import { openSqliteCoordinator, type SqliteCoordinatorOptions } from "./sqlite-coordinator.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function temporaryPath(): string {
  const directory = mkdtempSync(join(tmpdir(), "coordinator-"));
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "cluster", "meta.db");
}

async function open(path: string, options: SqliteCoordinatorOptions = {}): Promise<Coordinator> {
  const coordinator = await openSqliteCoordinator(path, options);
  cleanups.push(() => coordinator[Symbol.asyncDispose]());
  return coordinator;
}

function fixture(instances: 1 | 2): () => Promise<CoordinatorFixture> {
  return async () => {
    const directory = mkdtempSync(join(tmpdir(), "coordinator-"));
    const url = `sqlite:${join(directory, "meta.db")}`;
    const a = await openCoordinator(url);
    const b = instances === 1 ? a : await openCoordinator(url);
    return {
      a,
      b,
      async [Symbol.asyncDispose]() {
        await a[Symbol.asyncDispose]();
        await b[Symbol.asyncDispose]();
        rmSync(directory, { recursive: true, force: true });
      },
    };
  };
}

coordinatorCaseSuite("sqlite, one instance", fixture(1));
coordinatorCaseSuite("sqlite, two instances on one file", fixture(2));

/** A machine clock under the test's control. */
function manualClock(bootId: string): MachineClock & { advance(ms: number): void } {
  let nowMs = 1_000_000;
  return {
    bootId,
    resolutionMs: 0,
    nowMs: () => nowMs,
    advance(ms) {
      nowMs += ms;
    },
  };
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  );
}

async function expectUnavailable(promise: Promise<unknown>, message: RegExp): Promise<void> {
  const error = await rejection(promise);
  expect(isAisError(error, "unavailable")).toBe(true);
  expect(String(error)).toMatch(message);
  expect(String(error)).not.toContain(tmpdir());
}

describe("change log", () => {
  test("a watch from before the compaction gets CompactedError, one after it goes on", async () => {
    const coordinator = await open(temporaryPath(), { maxChanges: 10 });
    for (let i = 0; i < 200; i++) await coordinator.put("k", String(i), "any");
    expect(await rejection(collect(coordinator, "", 0, 1))).toBeInstanceOf(CompactedError);
    const revision = await coordinator.revision();
    expect(await collect(coordinator, "", revision - 5, 5)).toHaveLength(5);
  });

  test("an idle watch of a quiet prefix survives the compaction of the others' changes", async () => {
    const path = temporaryPath();
    const [writer, watcher] = [await open(path, { maxChanges: 100 }), await open(path, { maxChanges: 100 })];
    const collecting = collect(watcher, "quiet", 0, 1);
    for (let i = 0; i < 200; i++) {
      await writer.put("busy", String(i), "any");
      if (i % 50 === 0) await Bun.sleep(250);
    }
    await Bun.sleep(250);
    await writer.put("quiet", "done", "absent");
    expect(await collecting).toHaveLength(1);
  });

  test("the log is bounded in bytes", async () => {
    const path = temporaryPath();
    const coordinator = await open(path, { maxChangeBytes: 1_000_000 });
    for (let i = 0; i < 20; i++) await coordinator.put("large", "x".repeat(200_000), "any");
    const db = new Database(path, { readonly: true });
    const row = db.query<{ bytes: number }, []>("SELECT sum(value_bytes) AS bytes FROM changes").get();
    db.close();
    expect(row?.bytes).toBeLessThanOrEqual(1_000_000);
    expect(row?.bytes).toBeGreaterThanOrEqual(200_000);
  });

  test("a revision from the future means another store: CompactedError", async () => {
    const coordinator = await open(temporaryPath());
    expect(await rejection(collect(coordinator, "", 99, 1))).toBeInstanceOf(CompactedError);
  });
});

describe("leases and clocks", () => {
  test("only the machine clock counts", async () => {
    const clock = manualClock("boot-1");
    const coordinator = await open(temporaryPath(), { clock });
    const lease = await coordinator.grantLease(1000);
    await coordinator.put("n", "x", "absent", lease);
    clock.advance(990);
    expect(await coordinator.get("n")).not.toBeNull();
    expect(await lease.renew()).toBe(true);
    clock.advance(990);
    expect(await coordinator.get("n")).not.toBeNull();
  });

  test("leases of an earlier boot have expired, whatever their times say", async () => {
    const path = temporaryPath();
    const before = await open(path, { clock: manualClock("boot-1") });
    const lease = await before.grantLease(1_000_000);
    await before.put("n", "x", "absent", lease);
    await before[Symbol.asyncDispose]();
    const after = await open(path, { clock: manualClock("boot-2") });
    expect(await after.get("n")).toBeNull();
  });

  test("whoever stood still gives the others time to renew before it expires their leases", async () => {
    const path = temporaryPath();
    const clock = manualClock("boot-1");
    const times = { stallMs: 1000, graceMs: 500 };
    const [sleeper, owner] = [await open(path, { clock, ...times }), await open(path, { clock, ...times })];
    await sleeper.grantLease(1_000_000);
    const lease = await owner.grantLease(4000);
    await owner.put("n", "x", "absent", lease);
    clock.advance(10_000);
    expect(await sleeper.get("n")).not.toBeNull();
    expect(await lease.renew()).toBe(true);
    for (let i = 0; i < 5; i++) {
      clock.advance(900);
      expect((await sleeper.get("n")) === null).toBe(i === 4);
    }
  });
});

describe("failures", () => {
  test("a lock held by another process for too long", async () => {
    const path = temporaryPath();
    const coordinator = await open(path, { lockTimeoutMs: 100 });
    await coordinator.put("k", "1", "absent");
    const other = new Database(path);
    other.run("BEGIN IMMEDIATE");
    await expectUnavailable(
      coordinator.put("k", "2", "any"),
      /failed to write "k": .*locked by another process/,
    );
    expect((await coordinator.get("k"))?.value).toBe("1");
    other.run("ROLLBACK");
    other.close();
    expect((await coordinator.put("k", "3", "any"))?.value).toBe("3");
  });

  test("waiting for a lock does not stop the event loop", async () => {
    const path = temporaryPath();
    const coordinator = await open(path);
    const other = new Database(path);
    other.run("BEGIN IMMEDIATE");
    let beats = 0;
    const timer = setInterval(() => beats++, 10);
    const putting = coordinator.put("k", "1", "absent");
    setTimeout(() => other.run("ROLLBACK"), 300);
    expect((await putting)?.value).toBe("1");
    clearInterval(timer);
    other.close();
    expect(beats).toBeGreaterThan(4);
  });

  test("a full database refuses writes, serves reads, and recovers", async () => {
    const coordinator = await open(temporaryPath(), { maxDatabaseBytes: 400_000 });
    await coordinator.put("k", "kept", "absent");
    const tooMuch = coordinator.put("big", "x".repeat(1_000_000), "absent");
    await expectUnavailable(tooMuch, /failed to write "big": no space left/);
    expect((await coordinator.get("k"))?.value).toBe("kept");
    expect(await coordinator.get("big")).toBeNull();
    expect((await coordinator.put("k", "again", "any"))?.value).toBe("again");
  });

  test("a removed file makes everything unavailable until it is back; watches say so", async () => {
    const path = temporaryPath();
    const coordinator = await open(path);
    await coordinator.put("k", "1", "absent");
    const watching = collect(coordinator, "", await coordinator.revision(), 1);
    renameSync(path, `${path}.away`);
    await expectUnavailable(watching, /database file is gone/);
    await expectUnavailable(coordinator.get("k"), /database file is gone/);
    await expectUnavailable(coordinator.put("k", "2", "any"), /database file is gone/);
    writeFileSync(path, "");
    await expectUnavailable(coordinator.put("k", "2", "any"), /was replaced: restart/);
    renameSync(`${path}.away`, path);
    expect((await coordinator.put("k", "3", "any"))?.value).toBe("3");
  });

  test("files that are not ours are refused by name", async () => {
    const garbage = temporaryPath();
    await open(garbage).then((coordinator) => coordinator[Symbol.asyncDispose]());
    writeFileSync(garbage, "garbage ".repeat(1000));
    await expect(openSqliteCoordinator(garbage)).rejects.toThrow(/meta.db".*not a database/);
    const foreign = `${garbage}2`;
    const db = new Database(foreign, { create: true });
    db.run("CREATE TABLE songs (title TEXT)");
    db.close();
    await expect(openSqliteCoordinator(foreign)).rejects.toThrow(/database of another program/);
    const newer = `${garbage}3`;
    const newerDb = new Database(newer, { create: true });
    newerDb.run("PRAGMA user_version = 7");
    newerDb.close();
    await expect(openSqliteCoordinator(newer)).rejects.toThrow(
      /format version 7, this program reads up to 1/,
    );
    await expect(openSqliteCoordinator("/dev/null/meta.db")).rejects.toThrow(/"\/dev\/null\/meta.db"/);
  });

  test("a closed coordinator answers unavailable and ends its watches", async () => {
    const coordinator = await open(temporaryPath());
    const watching = rejection(collect(coordinator, "", 0, 1));
    await Bun.sleep(20);
    await coordinator[Symbol.asyncDispose]();
    expect(isAisError(await watching, "unavailable")).toBe(true);
    await expectUnavailable(coordinator.get("k"), /coordinator is closed/);
  });

  test("keys and values that the store could not give back are refused", async () => {
    const coordinator = await open(temporaryPath());
    for (const key of ["", "a\0b", "\ud800", "k".repeat(1025)]) {
      expect(isAisError(await rejection(coordinator.put(key, "v", "any")), "badRequest")).toBe(true);
    }
    const large = coordinator.put("k", "x".repeat(9 * 1024 ** 2), "any");
    expect(isAisError(await rejection(large), "tooLarge")).toBe(true);
  });
});

describe("opening by URL", () => {
  test.each([
    [
      "etcd://10.0.0.1:2379",
      "unsupported",
      /"etcd:\/\/10.0.0.1:2379" is not supported yet, expecting "sqlite:/,
    ],
    ["redis://x", "badRequest", /invalid coordinator "redis:\/\/x"/],
    ["/just/a/path.db", "badRequest", /invalid coordinator/],
    ["sqlite:relative.db", "badRequest", /absolute path/],
    ["sqlite://host/path.db", "badRequest", /absolute path/],
    ["sqlite:/dir/", "badRequest", /absolute path/],
    ["sqlite:/a.db?mode=ro", "badRequest", /absolute path/],
    ["", "badRequest", /invalid coordinator ""/],
  ] as const)("%s", async (url, code, message) => {
    const error = await rejection(openCoordinator(url));
    expect(isAisError(error, code)).toBe(true);
    expect(String(error)).toMatch(message);
  });

  test("a path with spaces and percent signs is taken as it is", async () => {
    const path = `${temporaryPath()} 100%.db`;
    const coordinator = await openCoordinator(`sqlite:///${path.slice(1)}`);
    await coordinator[Symbol.asyncDispose]();
    expect(await Bun.file(path).exists()).toBe(true);
  });
});
