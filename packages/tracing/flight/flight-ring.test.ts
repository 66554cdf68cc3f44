import { expect, test } from "bun:test";
import { newTraceWords } from "../recorder/local-trace.ts";
import { wordHex } from "../w3c/hex.ts";
import { pooledRandomWords } from "../w3c/random.ts";
import { FlightRing, type RingKey } from "./flight-ring.ts";

const random = pooledRandomWords();

function newKey(): RingKey & { readonly traceId: string } {
  const [word0, word1, word2, word3] = newTraceWords(random);
  return { word0, word1, word2, word3, traceId: [word0, word1, word2, word3].map(wordHex).join("") };
}

function take(ring: FlightRing, ...traceIds: readonly string[]): string[] {
  const found: string[] = [];
  ring.take(new Set(traceIds), (traceId, payload) => found.push(`${traceId} ${Buffer.from(payload)}`));
  return found;
}

test("keeps the newest records, whatever their sizes, and gives each once", () => {
  const ring = new FlightRing(64 * 1024);
  const kept: { readonly traceId: string; readonly text: string }[] = [];
  for (let i = 0; i < 5_000; i++) {
    const key = newKey();
    const text = `${i}`.repeat(1 + (random() % 60));
    expect(ring.add(key, Buffer.from(text))).toBe(true);
    kept.push({ traceId: key.traceId, text });
    expect(ring.usedBytes).toBeLessThanOrEqual(64 * 1024);
  }
  const newest = kept.slice(-ring.records);
  expect(newest.length).toBeGreaterThan(200);
  const wanted = newest.filter((_, index) => index % 3 === 0);
  const expected = wanted.map(({ traceId, text }) => `${traceId} ${text}`);
  expect(take(ring, ...wanted.map(({ traceId }) => traceId))).toEqual(expected);
  expect(take(ring, ...wanted.map(({ traceId }) => traceId))).toEqual([]);
  expect(take(ring, ...kept.slice(0, -ring.records).map(({ traceId }) => traceId))).toEqual([]);
});

test("gives every record of one trace", () => {
  const ring = new FlightRing(4_096);
  const key = newKey();
  ring.add(key, Buffer.from("request"));
  ring.add(newKey(), Buffer.from("another"));
  ring.add(key, Buffer.from("late"));
  expect(take(ring, key.traceId)).toEqual([`${key.traceId} request`, `${key.traceId} late`]);
});

test("does not give a trace whose last word is the same", () => {
  const ring = new FlightRing(4_096);
  const key = newKey();
  ring.add(key, Buffer.from("x"));
  expect(take(ring, `${"1".repeat(24)}${key.traceId.slice(24)}`)).toEqual([]);
});

test("refuses a record that would empty it, and forgets all when cleared", () => {
  const ring = new FlightRing(4_096);
  const key = newKey();
  expect(ring.add(key, Buffer.alloc(1_024))).toBe(false);
  expect(ring.add(key, Buffer.alloc(256))).toBe(true);
  ring.clear();
  expect([ring.records, ring.usedBytes, take(ring, key.traceId)]).toEqual([0, 0, []]);
  expect(ring.add(key, Buffer.from("again"))).toBe(true);
  expect(take(ring, key.traceId)).toEqual([`${key.traceId} again`]);
});
