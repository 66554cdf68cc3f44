import { afterAll, beforeAll, expect, test } from "bun:test";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { keyOf, LIST_ALL, PUT, pickSeed, randomFrom, temporaryStore } from "../testing/store-fixture.ts";
import type { ListOptions, ListPage, ObjectStore } from "../types.ts";

const seed = pickSeed();
const random = randomFrom(seed);
const ELEMENTS = ["a", "b", "ab", "é", "\u{ffff}", "\u{10000}", " ", "!", "0", "~", "a-b", "%2F"];

let opened: Awaited<ReturnType<typeof temporaryStore>>;
let store: ObjectStore;
let names: string[];

beforeAll(async () => {
  opened = await temporaryStore({ mountpaths: ["mp1", "mp2", "mp3"] });
  store = opened.store;
  const made = new Set<string>();
  while (made.size < 700) {
    const depth = 1 + Math.floor(random() * 4);
    made.add(Array.from({ length: depth }, () => ELEMENTS[Math.floor(random() * ELEMENTS.length)]).join("/"));
  }
  // A directory with many more names than are read at a time.
  for (let n = 0; n < 600; n++) made.add(`many/${n}`);
  names = [...made].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const body = Buffer.from("x");
  await Promise.all([...made].map((name) => store.put(keyOf(name), body, PUT, NOOP_SPAN)));
  await store.put(keyOf("other bucket", 2n), body, PUT, NOOP_SPAN);
});

afterAll(() => opened[Symbol.asyncDispose]());

const list = (options: Partial<ListOptions>): Promise<ListPage> =>
  store.list(1n, { ...LIST_ALL, ...options }, NOOP_SPAN);

/** What a page has, in one order. */
function entriesOf(page: ListPage): string[] {
  const entries = [...page.objects.map(({ objectName }) => objectName), ...page.directories];
  return entries.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** The same by definition, slowly. */
function expectedEntries(prefix: string, delimiter: string): string[] {
  const entries = new Set<string>();
  for (const name of names) {
    if (!name.startsWith(prefix)) continue;
    // A directory named without the delimiter at its end stands for what is in it.
    const isInside = prefix !== "" && !prefix.endsWith(delimiter) && name.at(prefix.length) === delimiter;
    const end = delimiter === "" ? -1 : name.indexOf(delimiter, prefix.length + (isInside ? 1 : 0));
    entries.add(end === -1 ? name : name.slice(0, end + delimiter.length));
  }
  return [...entries];
}

async function allPages(prefix: string, delimiter: string, limit: number): Promise<string[]> {
  const entries: string[] = [];
  for (let after = ""; ; ) {
    const page = await list({ prefix, delimiter, limit, after });
    const found = entriesOf(page);
    expect(found.length).toBeLessThanOrEqual(limit);
    entries.push(...found);
    if (!page.more) return entries;
    expect(found.length).toBe(limit);
    after = found.at(-1) ?? after;
  }
}

test("lists every name once, in the order of its UTF-8 bytes", async () => {
  const page = await list({});
  expect(page.objects.map(({ objectName }) => objectName)).toEqual(names);
  expect(page.more).toBe(false);
  expect(page.objects[0]?.attributes).toMatchObject({ sizeBytes: 1, version: "1" });
});

for (const prefix of ["", "a", "a/", "a/b", "é/", "\u{10000}", "many/", "many/59", "nothing", "~/~/"]) {
  for (const delimiter of ["", "/", "-"]) {
    test(`pages of any size make the whole: prefix "${prefix}", delimiter "${delimiter}", seed ${seed}`, async () => {
      const expected = expectedEntries(prefix, delimiter);
      for (const limit of [1, 2, 7, 100, 5_000]) {
        if (expected.length / limit > 300) continue;
        expect(await allPages(prefix, delimiter, limit)).toEqual(expected);
      }
    });
  }
}

test("starts after a name that is not there, inside a directory, or beyond the prefix", async () => {
  expect(entriesOf(await list({ after: "many/599x", prefix: "many/", limit: 3 }))).toEqual([
    "many/6",
    "many/60",
    "many/61",
  ]);
  // The directory itself sorts before the name, so it counts as listed already.
  expect(entriesOf(await list({ after: "many/5", delimiter: "/", prefix: "man" }))).toEqual([]);
  expect(entriesOf(await list({ after: "zzz", prefix: "many" }))).toEqual([]);
  expect(entriesOf(await list({ after: "A".repeat(5_000), prefix: "a" }))).toEqual(expectedEntries("a", ""));
  expect(entriesOf(await list({ prefix: "A".repeat(5_000) }))).toEqual([]);
});

test("an empty bucket, and one after the last, have nothing", async () => {
  expect(await store.list(0n, LIST_ALL, NOOP_SPAN)).toEqual({ objects: [], directories: [], more: false });
  expect(await store.list(2n ** 64n - 1n, LIST_ALL, NOOP_SPAN)).toMatchObject({ objects: [] });
});
