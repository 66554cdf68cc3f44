/** Power loss at any moment: what was acknowledged under `fsync` is there and whole, and nothing torn is ever read. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@ais/base/clock.ts";
import { silentLogger } from "@ais/base/log.ts";
import { checkOffline } from "@ais/storage/check/check-offline.ts";
import type { StorageFaults } from "@ais/storage/faults.ts";
import { openObjectStore } from "@ais/storage/object-store.ts";
import type { Guests } from "@ais/storage/sharing.ts";
import type { Durability, ObjectKey, ObjectStore } from "@ais/storage/types.ts";
import { SeededRandom } from "@ais/testkit/random.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { tellsUnwritten, unwrittenPages } from "./page-cache.fixture.ts";
import { ForgetfulDisk, type IndexKind } from "./power-loss.fixture.ts";
import { roundsUntil, soakTimeoutMs } from "./soak.fixture.ts";

const SLOTS = 8;
const INLINE_LIMIT_BYTES = 16_384;
const INLINE_SIZES = [0, 300, 5_000, 16_384] as const;
const SIZES = [...INLINE_SIZES, 16_385, 40_000, 300_000] as const;
/** Of what is written before the index is opened as it is when the power goes. */
const EARLIER_MAX_MS = 100;
const random = new SeededRandom();
console.log(`seed ${random.seed}`);

/** Null stands for no object. */
type State = Buffer | null;

interface Slot {
  acknowledged: State;
  /** What the write under way leaves, if it leaves anything; undefined without one. */
  pending: State | undefined;
  /** All that was ever acknowledged. */
  readonly history: State[];
}

/** What is written until the power goes. */
interface Writing {
  readonly durabilityOf: (next: State) => Durability;
  readonly sizes: readonly [number, ...number[]];
  readonly maxMs: number;
  /** As the index was open before, was closed from, and is open now. */
  readonly kinds: readonly [before: IndexKind, now: IndexKind];
}

const NO_GUESTS: Guests = {
  held: async () => new Set(),
  mayWrite: () => false,
  settled: async () => {},
};

function open(mountpath: string, index: IndexKind, faults?: StorageFaults): Promise<ObjectStore> {
  return openObjectStore({
    mountpaths: [mountpath],
    clusterUuid: "cluster",
    nodeId: "node",
    clock: systemClock,
    logger: silentLogger,
    limits: { removalGraceMs: 5 },
    ...(faults === undefined ? {} : { faults }),
    ...(index === "own" ? {} : { guests: () => NO_GUESTS }),
  });
}

function keyOf(slot: number): ObjectKey {
  return { bucketId: 1n, bucketName: "ais://b", objectName: `slot-${slot}`, uname: `b/slot-${slot}` };
}

async function contentOf(store: ObjectStore, slot: number): Promise<State> {
  const attributes = await store.head(keyOf(slot), NOOP_SPAN);
  if (attributes === null) return null;
  const reader = await store.get(keyOf(slot), { verify: true }, NOOP_SPAN);
  try {
    const { content, lengthBytes } = reader;
    if (content.kind === "bytes") return Buffer.from(content.bytes);
    return Buffer.from(await Bun.file(content.path).slice(0, lengthBytes).arrayBuffer());
  } finally {
    reader.release();
  }
}

/** Writes to all slots until it is stopped. */
function startWriting(
  store: ObjectStore,
  slots: readonly Slot[],
  { durabilityOf, sizes }: Pick<Writing, "durabilityOf" | "sizes">,
): () => Promise<void> {
  let isStopped = false;
  const writers = slots.map(async (slot, number) => {
    while (!isStopped) {
      const next = random.integer(0, 6) === 0 ? null : random.bytes(random.pick(sizes));
      const durability = durabilityOf(next);
      slot.pending = next;
      if (next === null) await store.delete(keyOf(number), durability, NOOP_SPAN);
      else {
        const options = { checksumType: "xxhash2", durability, versioned: true } as const;
        await store.put(keyOf(number), next, options, NOOP_SPAN);
      }
      slot.acknowledged = next;
      slot.history.push(next);
      slot.pending = undefined;
    }
  });
  return async () => {
    isStopped = true;
    await Promise.all(writers);
  };
}

/** Writes until the power goes; resolves with the slots as they were acknowledged at that moment. */
async function writeUntilCut(mountpath: string, image: string, writing: Writing): Promise<readonly Slot[]> {
  const disk = new ForgetfulDisk();
  const slots = Array.from({ length: SLOTS }, () => ({
    acknowledged: null as State,
    pending: undefined as State | undefined,
    history: [null] as State[],
  }));
  const [before, now] = writing.kinds;
  if (before !== now) {
    disk.index = before;
    await using store = await open(mountpath, before, disk);
    const stop = startWriting(store, slots, writing);
    await Bun.sleep(random.integer(30, EARLIER_MAX_MS));
    await stop();
  }
  disk.index = now;
  await using store = await open(mountpath, now, disk);
  const stop = startWriting(store, slots, writing);
  await Bun.sleep(random.integer(30, writing.maxMs));
  try {
    disk.cutPower(mountpath, image, random);
    return slots.map((slot) => ({ ...slot, history: [...slot.history] }));
  } finally {
    await stop();
  }
}

function isOneOf(found: State, states: readonly (State | undefined)[]): boolean {
  return states.some((state) =>
    state === null || state === undefined || found === null ? state === found : state.equals(found),
  );
}

async function oneLoss(
  durability: Durability,
  kinds: Writing["kinds"],
  kindAfter: IndexKind,
): Promise<{ readonly lost: number; readonly acknowledged: number }> {
  const directory = mkdtempSync(join(tmpdir(), "power-loss-"));
  const image = join(directory, "image");
  const slots = await writeUntilCut(join(directory, "disk"), image, {
    durabilityOf: () => durability,
    sizes: SIZES,
    maxMs: 200,
    kinds,
  });
  let lost = 0;
  {
    await using store = await open(image, kindAfter);
    for (const [number, slot] of slots.entries()) {
      const found = await contentOf(store, number).catch((error: unknown) => error);
      const isRight = !(found instanceof Error) && isOneOf(found as State, [slot.acknowledged, slot.pending]);
      if (!isRight) lost += 1;
      if (!isRight && durability === "fsync") {
        const text = found instanceof Error ? found.message : `${(found as State)?.byteLength ?? "nothing"}`;
        throw new Error(
          `slot ${number}, kept in ${directory}: found ${text}, acknowledged ${slot.acknowledged?.byteLength}, pending ${slot.pending?.byteLength}`,
        );
      }
    }
  }
  if (durability === "fsync") {
    const { signal } = new AbortController();
    const [report] = await checkOffline({ mountpaths: [image], verify: true, signal });
    expect(report?.damages).toEqual([]);
  }
  rmSync(directory, { recursive: true, force: true });
  return { lost, acknowledged: slots.filter((slot) => slot.acknowledged !== null).length };
}

test.each([
  ["own", "own", "own"],
  ["own", "own", "shared"],
  ["shared", "own", "own"],
  ["shared", "own", "shared"],
  ["own", "shared", "own"],
  ["own", "shared", "shared"],
  ["shared", "shared", "shared"],
] as const)(
  "acknowledged under fsync survives: index %s, then %s when the power goes, then %s",
  async (before, now, after) => {
    let acknowledged = 0;
    const shortCount = before === "own" && now === "own" && after === "own" ? 12 : 6;
    await roundsUntil(
      () => acknowledged > 20,
      shortCount,
      async () => {
        acknowledged += (await oneLoss("fsync", [before, now], after)).acknowledged;
      },
    );
    expect(acknowledged).toBeGreaterThan(20);
  },
  soakTimeoutMs(120_000),
);

// Without it the rows with a shared index cannot tell whether LMDB flushes: a kernel before Linux 6.5, or no disk.
test.skipIf(!tellsUnwritten(tmpdir()))(
  "what the index has not flushed is seen in the page cache, and LMDB's own flush leaves nothing there",
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "power-loss-"));
    const put = { checksumType: "none", durability: "os", versioned: false } as const;
    const dirty: (number | null)[] = [];
    for (const kind of ["own", "shared"] as const) {
      const mountpath = join(directory, kind);
      await using store = await open(mountpath, kind);
      await store.put(keyOf(1), random.bytes(300), put, NOOP_SPAN);
      dirty.push(unwrittenPages(join(mountpath, "index", "data.mdb")));
    }
    expect(dirty).toEqual([expect.any(Number), 0]);
    expect(dirty[0]).toBeGreaterThan(0);
    rmSync(directory, { recursive: true, force: true });
  },
);

test("without fsync the simulated disk does lose objects, so it would show a missing sync", async () => {
  let lost = 0;
  for (let round = 0; round < 20 && lost === 0; round++)
    lost += (await oneLoss("os", ["own", "own"], "own")).lost;
  expect(lost).toBeGreaterThan(0);
}, 60_000);

type Changes = Omit<Writing, "kinds">;

/** Every object that is found must be one that was written once; resolves with how many there were. */
async function keptAfterLoss(changes: Changes): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "power-loss-"));
  const image = join(directory, "image");
  const slots = await writeUntilCut(join(directory, "disk"), image, { ...changes, kinds: ["own", "own"] });
  let kept = 0;
  {
    await using store = await open(image, "own");
    for (const [number, { history, pending }] of slots.entries()) {
      const found = await contentOf(store, number);
      if (found !== null) kept += 1;
      const isKnown = isOneOf(found, [...history, pending]);
      expect([directory, number, isKnown]).toEqual([directory, number, true]);
    }
  }
  const { signal } = new AbortController();
  const [report] = await checkOffline({ mountpaths: [image], verify: true, signal });
  expect(report?.damages).toEqual([]);
  rmSync(directory, { recursive: true, force: true });
  return kept;
}

test(
  "without fsync the index opens whole, and an object in it is one that was acknowledged once",
  async () => {
    let kept = 0;
    const writing: Changes = { durabilityOf: () => "os", sizes: INLINE_SIZES, maxMs: 1_500 };
    await roundsUntil(
      () => kept > 4,
      8,
      async () => {
        kept += await keptAfterLoss(writing);
      },
    );
    // What was flushed in time is there.
    expect(kept).toBeGreaterThan(4);
  },
  soakTimeoutMs(120_000),
);

test(
  "a change without fsync that is lost leaves the file that it would have replaced",
  async () => {
    let kept = 0;
    const writing: Changes = {
      durabilityOf: (next) => ((next?.byteLength ?? 0) > INLINE_LIMIT_BYTES ? "fsync" : "os"),
      sizes: [300, 40_000],
      maxMs: 800,
    };
    await roundsUntil(
      () => kept > 4,
      8,
      async () => {
        kept += await keptAfterLoss(writing);
      },
    );
    expect(kept).toBeGreaterThan(4);
  },
  soakTimeoutMs(120_000),
);
