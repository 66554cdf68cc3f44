/**
 * What every driver must do. A driver's test calls this with a factory; cases that need two clients use two instances of
 * the same store when the factory can open them, and one instance twice when it cannot.
 */
import { afterEach, describe, expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { type Coordinator, type CoordinatorEvent, LeaseExpiredError } from "./coordinator.ts";

export interface CoordinatorFixture extends AsyncDisposable {
  /** Two clients of one empty store; the same object twice for a suite over a single instance. */
  readonly a: Coordinator;
  readonly b: Coordinator;
}

export type OpenFixture = () => Promise<CoordinatorFixture>;

/** Short enough for a quick suite, long enough not to run out between two statements on a busy machine. */
const TTL_MS = 1_000;
const LONG_TTL_MS = 60_000;

export function coordinatorCaseSuite(name: string, open: OpenFixture): void {
  describe(name, () => {
    const fixtures: CoordinatorFixture[] = [];
    afterEach(async () => {
      for (const fixture of fixtures.splice(0)) await fixture[Symbol.asyncDispose]();
    });
    const start = async (): Promise<CoordinatorFixture> => {
      const fixture = await open();
      fixtures.push(fixture);
      return fixture;
    };
    keyCases(start);
    leaseCases(start);
    watchCases(start);
    concurrencyCases(start);
  });
}

function keyCases(start: OpenFixture): void {
  test("get of a key that was never written is null", async () => {
    const { a } = await start();
    expect(await a.get("nothing")).toBeNull();
    expect(await a.delete("nothing", "any")).toBe(false);
  });

  test("what one client writes the other reads, with the same revision", async () => {
    const { a, b } = await start();
    const written = await a.put("k", "v", "absent");
    expect(await b.get("k")).toEqual(written);
  });

  test("put compares with the expectation and changes nothing when it does not hold", async () => {
    const { a, b } = await start();
    const first = must(await a.put("k", "1", "absent"), "absent held");
    expect(await b.put("k", "2", "absent")).toBeNull();
    expect(await b.put("k", "2", { revision: first.revision + 1 })).toBeNull();
    expect(await b.put("never", "2", { revision: first.revision })).toBeNull();
    expect(await b.revision()).toBe(first.revision);
    const second = must(await b.put("k", "2", { revision: first.revision }), "revision held");
    expect(second.revision).toBeGreaterThan(first.revision);
    expect(await a.put("k", "3", { revision: first.revision })).toBeNull();
    const third = must(await a.put("k", "3", "any"), "any held");
    expect(await b.get("k")).toEqual(third);
    expect(third.value).toBe("3");
  });

  test("delete compares with the expectation", async () => {
    const { a, b } = await start();
    const first = must(await a.put("k", "1", "absent"), "absent held");
    expect(await b.delete("k", { revision: first.revision + 1 })).toBe(false);
    expect(await b.delete("k", "absent")).toBe(false);
    expect((await a.get("k"))?.value).toBe("1");
    expect(await b.delete("k", { revision: first.revision })).toBe(true);
    expect(await a.get("k")).toBeNull();
    const again = must(await a.put("k", "2", "absent"), "absent held after deletion");
    expect(again.revision).toBeGreaterThan(first.revision + 1);
  });

  test("list returns exactly the keys under the prefix in UTF-8 order", async () => {
    const { a, b } = await start();
    const keys = [
      "n/b",
      "n/a",
      "n/ä",
      "n/\u{ffff}",
      "n/\u{1f600}",
      "n/a/deep",
      "n",
      "n0",
      "m/z",
      "n/%",
      "n/_",
      "N/a",
    ];
    for (const key of keys) await a.put(key, `value of ${key}`, "absent");
    const listed = await b.list("n/");
    const wanted = keys
      .filter((key) => key.startsWith("n/"))
      .sort((x, y) => Buffer.from(x).compare(Buffer.from(y)));
    expect(listed.map(({ key }) => key)).toEqual(wanted);
    expect(listed.map(({ value }) => value)).toEqual(wanted.map((key) => `value of ${key}`));
    expect(await b.list("")).toHaveLength(keys.length);
    expect(await b.list("x")).toEqual([]);
  });

  test("unicode keys and values come back as they went in", async () => {
    const { a, b } = await start();
    for (const key of ["näch/日本語", "emoji/🤖", "quote/'\"\\`;--", "space / tab\t/ line\n", "\u{10ffff}"]) {
      await a.put(key, `${key}\r\n\u{0}`.replace("\u{0}", "end"), "absent");
      expect(await b.get(key)).toEqual(await a.get(key));
      expect((await b.get(key))?.value).toBe(`${key}\r\nend`);
      expect((await b.list(key)).map((entry) => entry.key)).toEqual([key]);
    }
  });

  test("a value of a megabyte comes back whole", async () => {
    const { a, b } = await start();
    const value = "0123456789abcdé\n".repeat(62_000);
    await a.put("large", value, "absent");
    expect((await b.get("large"))?.value === value).toBe(true);
  });
}

function leaseCases(start: OpenFixture): void {
  test("keys of a lease that is not renewed go, as one change each, and it cannot be renewed", async () => {
    const { a, b } = await start();
    const from = await b.revision();
    const lease = await a.grantLease(TTL_MS);
    const startedMs = performance.now();
    await a.put("n/1", "x", "absent", lease);
    await a.put("n/2", "x", "absent", lease);
    await a.put("n/3", "stays", "absent");
    const events = await collect(b, "n/", from, 5);
    expect(performance.now() - startedMs).toBeGreaterThan(TTL_MS - 30);
    expect(events.slice(3).map(shortForm)).toEqual(["delete n/1", "delete n/2"]);
    expect((await b.list("n/")).map(({ key }) => key)).toEqual(["n/3"]);
    expect(await lease.renew()).toBe(false);
    await expect(a.put("n/1", "x", "absent", lease)).rejects.toThrow(LeaseExpiredError);
    expect(await a.get("n/1")).toBeNull();
  });

  test("a renewed lease outlives its ttl", async () => {
    const { a, b } = await start();
    const lease = await a.grantLease(TTL_MS);
    await a.put("n/1", "x", "absent", lease);
    const endMs = performance.now() + 1.8 * TTL_MS;
    while (performance.now() < endMs) {
      await Bun.sleep(TTL_MS / 5);
      expect(await lease.renew()).toBe(true);
      expect(await b.get("n/1")).not.toBeNull();
    }
  });

  test("an expired key does not stand in the way of an absent expectation", async () => {
    const { a, b } = await start();
    const lease = await a.grantLease(50);
    await a.put("election", "a", "absent", lease);
    const deadlineMs = performance.now() + 20_000;
    let won = await b.put("election", "b", "absent");
    while (won === null && performance.now() < deadlineMs) {
      await Bun.sleep(20);
      won = await b.put("election", "b", "absent");
    }
    expect(won?.value).toBe("b");
  });

  test("revoking deletes the keys at once", async () => {
    const { a, b } = await start();
    const lease = await a.grantLease(LONG_TTL_MS);
    await a.put("n/1", "x", "absent", lease);
    await lease.revoke();
    expect(await b.get("n/1")).toBeNull();
    expect(await lease.renew()).toBe(false);
    await lease.revoke();
  });

  test("the last write decides which lease a key hangs on", async () => {
    const { a, b } = await start();
    const first = await a.grantLease(LONG_TTL_MS);
    const second = await b.grantLease(LONG_TTL_MS);
    await a.put("moved", "1", "absent", first);
    await b.put("moved", "2", "any", second);
    await a.put("freed", "1", "absent", first);
    await a.put("freed", "2", "any");
    await first.revoke();
    expect((await a.get("moved"))?.value).toBe("2");
    expect((await a.get("freed"))?.value).toBe("2");
    await second.revoke();
    expect(await a.get("moved")).toBeNull();
  });
}

function watchCases(start: OpenFixture): void {
  test("a watch gets what happened before and after it began, in order, once, of its prefix only", async () => {
    const { a, b } = await start();
    await a.put("n/0", "before", "absent");
    const from = await a.revision();
    await a.put("n/1", "one", "absent");
    await a.put("other", "x", "absent");
    const collecting = collect(b, "n/", from, 5);
    await a.put("n/1", "two", "any");
    await a.delete("n/0", "any");
    await b.put("n/2", "own", "absent");
    await a.put("n", "not under the prefix", "absent");
    await a.put("n/3", "last", "absent");
    const events = await collecting;
    expect(events.map(shortForm)).toEqual(["n/1=one", "n/1=two", "delete n/0", "n/2=own", "n/3=last"]);
    const revisions = events.map(revisionOf);
    expect(revisions).toEqual([...new Set(revisions)].sort((x, y) => x - y));
    const resumed = await collect(b, "n/", must(revisions[2], "five events"), 2);
    expect(resumed.map(shortForm)).toEqual(["n/2=own", "n/3=last"]);
  });

  test("a change wakes the watch of another client within half a second", async () => {
    const { a, b } = await start();
    const collecting = collect(b, "", await b.revision(), 1);
    await Bun.sleep(150);
    const startedMs = performance.now();
    await a.put("k", "v", "absent");
    await collecting;
    expect(performance.now() - startedMs).toBeLessThan(500);
  });

  test("an aborted watch ends, whether it waits or was never started", async () => {
    const { a } = await start();
    const controller = new AbortController();
    const watch = a.watch("", await a.revision(), controller.signal)[Symbol.asyncIterator]();
    const next = watch.next();
    setTimeout(() => controller.abort(), 30);
    expect((await next).done).toBe(true);
    const late = a.watch("", 0, controller.signal)[Symbol.asyncIterator]();
    expect((await late.next()).done).toBe(true);
  });

  test("hundreds of changes reach several slow watches whole", async () => {
    const { a, b } = await start();
    const from = await a.revision();
    const watches = [collect(a, "k/", from, 300), collect(b, "k/", from, 300), collect(b, "k/1", from, 111)];
    for (let i = 0; i < 300; i++) await (i % 2 === 0 ? a : b).put(`k/${i}`, String(i), "absent");
    const [first, second, third] = await Promise.all(watches);
    const keys = Array.from({ length: 300 }, (_, i) => `k/${i}=${i}`);
    expect(first?.map(shortForm)).toEqual(keys);
    expect(second?.map(shortForm)).toEqual(keys);
    expect(third?.map(shortForm)).toEqual(keys.filter((key) => key.startsWith("k/1")));
  });
}

function concurrencyCases(start: OpenFixture): void {
  test("compare-and-set from two clients loses no update", async () => {
    const { a, b } = await start();
    await a.put("counter", "0", "absent");
    const increment = async (client: Coordinator): Promise<void> => {
      for (;;) {
        const current = must(await client.get("counter"), "the counter exists");
        const next = String(Number(current.value) + 1);
        if ((await client.put("counter", next, { revision: current.revision })) !== null) return;
      }
    };
    const worker = async (client: Coordinator): Promise<void> => {
      for (let i = 0; i < 25; i++) await increment(client);
    };
    await Promise.all([worker(a), worker(b), worker(a), worker(b)]);
    expect((await a.get("counter"))?.value).toBe("100");
  });

  test("of many who expect absence one wins", async () => {
    const { a, b } = await start();
    const attempts = Array.from({ length: 20 }, (_, i) =>
      (i % 2 === 0 ? a : b).put("seat", String(i), "absent"),
    );
    const won = (await Promise.all(attempts)).filter((entry) => entry !== null);
    expect(won).toHaveLength(1);
    expect(await a.get("seat")).toEqual(must(won[0], "one won"));
  });
}

/** The first `count` events; rejects when they do not come in time. */
export async function collect(
  coordinator: Coordinator,
  prefix: string,
  fromRevision: number,
  count: number,
): Promise<CoordinatorEvent[]> {
  const events: CoordinatorEvent[] = [];
  for await (const event of coordinator.watch(prefix, fromRevision, AbortSignal.timeout(4500))) {
    events.push(event);
    if (events.length === count) return events;
  }
  throw new Error(`expecting ${count} events under "${prefix}", got ${events.map(shortForm).join(", ")}`);
}

function shortForm(event: CoordinatorEvent): string {
  return event.kind === "put" ? `${event.entry.key}=${event.entry.value}` : `delete ${event.key}`;
}

function revisionOf(event: CoordinatorEvent): number {
  return event.kind === "put" ? event.entry.revision : event.revision;
}
