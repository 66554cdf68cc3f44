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
import { ForgetfulDisk } from "./power-loss.fixture.ts";
import { rounds, soakTimeoutMs } from "./soak.fixture.ts";

const SLOTS = 8;
const SIZES = [0, 300, 5_000, 16_384, 16_385, 40_000, 300_000] as const;
const random = new SeededRandom();
console.log(`seed ${random.seed}`);

/** Null stands for no object. */
type State = Buffer | null;

interface Slot {
  acknowledged: State;
  /** What the write under way leaves, if it leaves anything; undefined without one. */
  pending: State | undefined;
}

type IndexKind = "own" | "shared";

/** As a target of one process opens it, or one that has workers. */
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

const NO_GUESTS: Guests = {
  held: async () => new Set(),
  mayWrite: () => false,
  settled: async () => {},
};

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

/** Writes until the power goes; resolves with the slots as they were acknowledged at that moment. */
async function writeUntilCut(
  mountpath: string,
  image: string,
  durability: Durability,
  index: IndexKind,
): Promise<readonly Slot[]> {
  const disk = new ForgetfulDisk(index);
  const store = await open(mountpath, index, disk);
  const slots = Array.from({ length: SLOTS }, (): Slot => ({ acknowledged: null, pending: undefined }));
  let isCut = false;
  const writers = slots.map(async (slot, number) => {
    while (!isCut) {
      const next = random.integer(0, 6) === 0 ? null : random.bytes(random.pick(SIZES));
      slot.pending = next;
      if (next === null) await store.delete(keyOf(number), durability, NOOP_SPAN);
      else {
        const options = { checksumType: "xxhash2", durability, versioned: true } as const;
        await store.put(keyOf(number), next, options, NOOP_SPAN);
      }
      slot.acknowledged = next;
      slot.pending = undefined;
    }
  });
  await Bun.sleep(random.integer(30, 200));
  try {
    disk.cutPower(mountpath, image, random);
    return slots.map((slot) => ({ ...slot }));
  } finally {
    isCut = true;
    await Promise.all(writers);
    await store[Symbol.asyncDispose]();
  }
}

function isExplained(found: State, { acknowledged, pending }: Slot): boolean {
  const isSame = (state: State): boolean =>
    state === null || found === null ? state === found : state.equals(found);
  return isSame(acknowledged) || (pending !== undefined && isSame(pending));
}

async function oneLoss(
  durability: Durability,
  index: IndexKind,
  indexAfter: IndexKind,
): Promise<{ readonly lost: number; readonly acknowledged: number }> {
  const directory = mkdtempSync(join(tmpdir(), "power-loss-"));
  const image = join(directory, "image");
  const slots = await writeUntilCut(join(directory, "disk"), image, durability, index);
  let lost = 0;
  {
    await using store = await open(image, indexAfter);
    for (const [number, slot] of slots.entries()) {
      const found = await contentOf(store, number).catch((error: unknown) => error);
      const isRight = !(found instanceof Error) && isExplained(found as State, slot);
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
  ["own", "own"],
  ["shared", "shared"],
  ["shared", "own"],
  ["own", "shared"],
] as const)(
  "acknowledged under fsync survives: index %s before, %s after",
  async (before, after) => {
    let acknowledged = 0;
    await rounds(before === "own" && after === "own" ? 12 : 5, async () => {
      acknowledged += (await oneLoss("fsync", before, after)).acknowledged;
    });
    expect(acknowledged).toBeGreaterThan(20);
  },
  soakTimeoutMs(60_000),
);

test("without fsync the simulated disk does lose objects, so it would show a missing sync", async () => {
  let lost = 0;
  for (let round = 0; round < 20 && lost === 0; round++) lost += (await oneLoss("os", "own", "own")).lost;
  expect(lost).toBeGreaterThan(0);
}, 60_000);
