import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { crashBody, isDeletion } from "./testing/crash-steps.ts";
import {
  keyOf,
  LIST_ALL,
  objectFiles,
  openTestStore,
  pickSeed,
  randomFrom,
  readObject,
  temporaryDirectory,
} from "./testing/store-fixture.ts";
import type { ObjectStore } from "./types.ts";

const SLOTS = 12;
const INLINE_LIMIT_BYTES = 16 * 1024;

interface Progress {
  started: number;
  acknowledged: number;
}

const seed = pickSeed();
const random = randomFrom(seed);

for (const durability of ["os", "fsync"] as const) {
  test(`kill -9 loses nothing acknowledged and leaves nothing torn, ${durability}, seed ${seed}`, async () => {
    const directory = temporaryDirectory();
    const progress = Array.from({ length: SLOTS }, (): Progress => ({ started: -1, acknowledged: -1 }));
    let acknowledged = 0;
    for (let round = 0; round < 4; round++) {
      const firstStep = 1 + Math.max(...progress.map(({ started }) => started));
      acknowledged += await runAndKill(directory, durability, firstStep, progress);
      await using store = await openTestStore(directory);
      for (const [slot, at] of progress.entries()) await checkSlot(store, slot, at);
      const { objects } = await store.list(1n, LIST_ALL, NOOP_SPAN);
      const inFiles = objects.filter(({ attributes }) => attributes.sizeBytes > INLINE_LIMIT_BYTES);
      expect(objectFiles(join(directory, "mp1"))).toHaveLength(inFiles.length);
    }
    expect(acknowledged).toBeGreaterThan(50);
    // A failed run leaves its directory for inspection.
    rmSync(directory, { recursive: true, force: true });
  }, 30_000);
}

/** Kills the writer a random time after its first acknowledgement; resolves with how many there were. */
async function runAndKill(
  directory: string,
  durability: string,
  firstStep: number,
  progress: readonly Progress[],
): Promise<number> {
  const script = join(import.meta.dir, "testing/crash-writer.ts");
  const child = Bun.spawn(
    [process.execPath, script, directory, durability, String(SLOTS), String(firstStep)],
    {
      stdout: "pipe",
      stderr: "inherit",
    },
  );
  let rest = "";
  let acknowledged = 0;
  let killing = false;
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [what, slot, step] = line.split(" ");
      const at = progress[Number(slot)];
      if (at === undefined) throw new Error(`unexpected line "${line}"`);
      if (what === "start") at.started = Number(step);
      else at.acknowledged = Number(step);
      if (what === "ack") acknowledged += 1;
    }
    if (acknowledged > 0 && !killing) {
      killing = true;
      setTimeout(() => child.kill("SIGKILL"), random() * 250);
    }
  }
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
  return acknowledged;
}

/**
 * The object is as after the last acknowledged step, or as after the one that was under way. What it is counts as
 * acknowledged from now on: the next writer may be killed before it has changed anything.
 */
async function checkSlot(store: ObjectStore, slot: number, at: Progress): Promise<void> {
  const attributes = await store.head(keyOf(`slot-${slot}`), NOOP_SPAN);
  const content = attributes === null ? null : await readObject(store, `slot-${slot}`);
  const possible = at.started === at.acknowledged ? [at.started] : [at.acknowledged, at.started];
  const found = possible.find((step) => {
    const gone = step < 0 || isDeletion(slot, step);
    return gone ? content === null : content?.equals(crashBody(slot, step)) === true;
  });
  const matches = found !== undefined;
  expect({ slot, ...at, size: content?.byteLength ?? null, matches }).toMatchObject({ matches: true });
  at.acknowledged = found ?? -1;
}
