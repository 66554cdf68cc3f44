/** Places among the object files being written: slow senders give theirs up, and nobody who is not slow does. */
import { expect, test } from "bun:test";
import type { AisError } from "@ais/base/errors.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import { StorageCounters } from "../counters.ts";
import { DEFAULT_STORAGE_LIMITS, type StorageLimits } from "../limits.ts";
import { Admission, type PlaceHolder } from "./admission.ts";

const PLACES = 4;

class Sender implements PlaceHolder {
  receivedBytes = 0;
  isWaiting = true;
  isComplete = false;
  place: Disposable | null = null;
  evictedWith: AisError | null = null;

  evict(error: AisError): void {
    this.evictedWith = error;
    this.place?.[Symbol.dispose]();
  }
}

function admission(limits: Partial<StorageLimits> = {}) {
  const counters = new StorageCounters();
  const all = { ...DEFAULT_STORAGE_LIMITS, openWriteCount: PLACES, slowReceiveMs: 200, ...limits };
  return { counters, places: new Admission(all, counters) };
}

async function take(places: Admission, sender = new Sender()): Promise<Sender> {
  sender.place = await places.admitFile(sender);
  return sender;
}

function everyOne(places: Admission): Promise<Sender[]> {
  return Promise.all(Array.from({ length: PLACES }, () => take(places)));
}

test("who is slow gives the place to who waits, with 408 and the limit's name", async () => {
  const { places, counters } = admission();
  const senders = await everyOne(places);
  const [first, second] = senders;
  const feeding = setInterval(() => {
    for (const sender of senders) if (sender !== first && sender !== second) sender.receivedBytes += 100_000;
  }, 20);
  const next = await take(places);
  const last = await take(places);
  clearInterval(feeding);
  for (const slow of [first, second])
    expect(slow?.evictedWith).toMatchObject({ code: "requestTimeout", limit: "slow_receive" });
  expect(senders.slice(2).map(({ evictedWith }) => evictedWith)).toEqual([null, null]);
  expect([next.evictedWith, last.evictedWith]).toEqual([null, null]);
  expect(counters).toMatchObject({ openWrites: PLACES, limitHitsSlowReceive: 2, limitHitsOpenWrites: 0 });
});

test("nobody loses the place while nobody wants it, or while it is the disk that is slow", async () => {
  const { places, counters } = admission({ openWriteWaitMs: 500 });
  const senders = await everyOne(places);
  await sleep(400);
  expect(senders.every(({ evictedWith }) => evictedWith === null)).toBe(true);
  for (const sender of senders) sender.isWaiting = false;
  await expect(take(places)).rejects.toMatchObject({
    code: "tooManyRequests",
    limit: "open_writes",
    headers: { "Retry-After": "1" },
  });
  expect(senders.every(({ evictedWith }) => evictedWith === null)).toBe(true);
  expect(counters).toMatchObject({ limitHitsOpenWrites: 1, limitHitsSlowReceive: 0 });
});

test("places go round in order, and all memory comes back", async () => {
  const { places, counters } = admission({ openWriteCount: 1 });
  const first = await take(places);
  const order: number[] = [];
  const rest = [1, 2, 3].map(async (n) => {
    const sender = new Sender();
    sender.receivedBytes = 1000;
    using _place = await places.admitFile(sender);
    order.push(n);
  });
  expect(counters.receiveBufferBytes).toBe(3000 + 2 * DEFAULT_STORAGE_LIMITS.writeChunkBytes);
  first.place?.[Symbol.dispose]();
  await Promise.all(rest);
  expect(order).toEqual([1, 2, 3]);
  expect(counters).toMatchObject({ openWrites: 0, receiveBufferBytes: 0 });
});

test("who is complete goes first", async () => {
  const { places } = admission({ openWriteCount: 1 });
  const first = await take(places);
  const order: string[] = [];
  const rest = ["a", "b", "C", "D"].map(async (name) => {
    const sender = new Sender();
    sender.isComplete = name < "a";
    using _place = await places.admitFile(sender);
    order.push(name);
  });
  first.place?.[Symbol.dispose]();
  await Promise.all(rest);
  expect(order).toEqual(["C", "D", "a", "b"]);
});

test("more waiters than the limit, and more memory for them, are refused at once", async () => {
  const { places } = admission({ openWriteCount: 1, openWriteWaiterCount: 1, receiveStartBytes: 10_000 });
  const first = await take(places);
  const big = new Sender();
  big.receivedBytes = 10_001;
  await expect(places.admitFile(big)).rejects.toMatchObject({ limit: "open_writes" });
  const waiting = take(places);
  await expect(take(places)).rejects.toMatchObject({ limit: "open_writes" });
  first.place?.[Symbol.dispose]();
  (await waiting).place?.[Symbol.dispose]();
  using _start = places.admitStart(10_000);
  expect(() => places.admitStart(1)).toThrow("10001 bytes of starts of bodies, the limit is 10000");
});
