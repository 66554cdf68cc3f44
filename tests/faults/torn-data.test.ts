/**
 * Random damage to what a target stores. Of files: the check names exactly what was damaged, reads of it fail and never give
 * wrong bytes, everything else is right. Of the index: the target refuses to start or was not affected, and a rebuild brings
 * back every object but those inside of the index that it counts as lost.
 */
import { expect, test } from "bun:test";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { systemClock } from "@ais/base/clock.ts";
import { silentLogger } from "@ais/base/log.ts";
import { openObjectStore } from "@ais/storage/object-store.ts";
import { rebuildMountpath } from "@ais/storage/rebuild/rebuild-mountpath.ts";
import type { ObjectKey, ObjectStore } from "@ais/storage/types.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { SeededRandom } from "@ais/testkit/random.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { DamageKind, MountpathReport, RebuildReport } from "@ais/wire/storage-report.ts";
import { ais, BUCKET, createBucket, get, put } from "./objects.fixture.ts";
import { rounds, roundsUntil, soakTimeoutMs } from "./soak.fixture.ts";
import { mountpathOf } from "./tmpfs.fixture.ts";

const PAGE_BYTES = 4096;
const INLINE_LIMIT_BYTES = 16 * 1024;
const random = new SeededRandom();
console.log(`seed ${random.seed}`);

function objectFilesOf(mountpath: string): readonly string[] {
  const objects = join(mountpath, "objects");
  return readdirSync(objects).flatMap((name) =>
    readdirSync(join(objects, name)).map((file) => join(objects, name, file)),
  );
}

/** Not one that was replaced and waits for its removal. */
function isInUse(path: string): boolean {
  return readFileSync(path).toString("latin1", statSync(path).size - 8) === "AISTOBJ\n";
}

/** The object's name, from its place in the file's trailer. */
function nameInFile(path: string, names: readonly string[]): string {
  const tail = readFileSync(path).subarray(-2_000).toString("latin1");
  return must(
    names.find((name) => tail.includes(`${name}/end`)),
    `the name in ${path}`,
  );
}

function flipBitAt(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(0, 7));
  writeFileSync(path, bytes);
}

interface Injury {
  readonly kind: DamageKind;
  readonly object: string;
}

function injure(path: string, object: string, bodyBytes: number): Injury {
  const kind = random.pick(["missing-file", "cut", "long", "flip"] as const);
  if (kind === "missing-file") unlinkSync(path);
  if (kind === "cut") truncateSync(path, random.integer(0, bodyBytes));
  if (kind === "long")
    writeFileSync(path, Buffer.concat([readFileSync(path), random.bytes(random.integer(1, 5_000))]));
  if (kind === "flip") flipBitAt(path, random.integer(0, bodyBytes - 1));
  const reported = {
    "missing-file": "missing-file",
    cut: "wrong-size",
    long: "wrong-size",
    flip: "checksum-mismatch",
  } as const;
  return { kind: reported[kind], object };
}

test(
  "damaged files of a real target",
  async () => {
    await using cluster = await TestCluster.start({ targets: 1 });
    const target = must(cluster.targets[0], "target");
    const mountpath = mountpathOf(target, 1);
    await createBucket(cluster);
    const bodies = new Map<string, Buffer>();
    const store = async (name: string): Promise<void> => {
      const body = random.bytes(random.pick([1_000, 20_000, 70_000, 300_000]));
      expect((await put(cluster, `${name}/end`, body)).status).toBe(200);
      bodies.set(name, body);
    };
    for (let n = 0; n < 40; n++) await store(`o${n}x`);
    await rounds(2, async (round) => {
      // A killed target leaves replaced files behind, which later on are damaged ones: no injuries of this round.
      await target.end(round === 0 ? "SIGKILL" : "SIGTERM");
      const files = objectFilesOf(mountpath).filter((path) => isInUse(path) && random.integer(0, 3) === 0);
      const injuries = files.map((path) => {
        const name = nameInFile(path, [...bodies.keys()]);
        return injure(path, name, must(bodies.get(name), name).byteLength);
      });
      const expected = injuries.map(({ kind, object }) => `${kind} ais://${BUCKET}/${object}/end`).toSorted();
      const texts = ({ damages }: MountpathReport): string[] =>
        damages.map(({ kind, object }) => `${kind} ${object}`).toSorted();
      const offline = await ais(cluster, "storage", "check", "--verify", "--json", "--mountpath", mountpath);
      expect(offline.exitCode).toBe(injuries.length === 0 ? 0 : 1);
      expect(
        (JSON.parse(offline.out) as { mountpaths: MountpathReport[] }).mountpaths.flatMap(texts),
      ).toEqual(expected);

      target.start();
      await target.ready();
      await cluster.complete();
      const online = await ais(cluster, "storage", "check", "--verify", "--json");
      const byTarget = JSON.parse(online.out) as Record<string, { mountpaths: MountpathReport[] }>;
      expect(Object.values(byTarget).flatMap(({ mountpaths }) => mountpaths.flatMap(texts))).toEqual(
        expected,
      );

      const scrub = await ais(cluster, "storage", "scrub", "start", "--rate", "0");
      expect(scrub.exitCode).toBe(0);
      let status = scrub;
      while (/ running /.test(status.out) || status === scrub)
        status = await ais(cluster, "storage", "scrub", "status");
      expect(status.exitCode).toBe(injuries.length === 0 ? 0 : 1);
      const broken = new Set(injuries.map(({ object }) => object));
      for (const [name, body] of bodies) {
        const found = await get(cluster, `${name}/end`);
        // What follows the end of an object does no harm to the object.
        const isHarmless =
          injuries.some(({ object, kind }) => object === name && kind === "wrong-size") &&
          found.status === 200;
        if (broken.has(name) && !isHarmless) expect([name, found.status]).toEqual([name, 500]);
        else expect([name, found.status, found.body.equals(body)]).toEqual([name, 200, true]);
      }
      // The same content again, as a client would that has it elsewhere.
      for (const name of broken) {
        expect((await put(cluster, `${name}/end`, must(bodies.get(name), name))).status).toBe(200);
        expect((await get(cluster, `${name}/end`)).body.equals(must(bodies.get(name), name))).toBe(true);
      }
      expect((await ais(cluster, "storage", "check", "--verify")).exitCode).toBe(0);
    });
  },
  soakTimeoutMs(120_000),
);

function keyOf(objectName: string): ObjectKey {
  return { bucketId: 1n, bucketName: "ais://b", objectName, uname: `b/${objectName}` };
}

function open(mountpath: string): Promise<ObjectStore> {
  return openObjectStore({
    mountpaths: [mountpath],
    clusterUuid: "c",
    nodeId: "n",
    clock: systemClock,
    logger: silentLogger,
  });
}

async function read(store: ObjectStore, name: string): Promise<Buffer> {
  const reader = await store.get(keyOf(name), { verify: true }, NOOP_SPAN);
  try {
    const { content, lengthBytes } = reader;
    return content.kind === "bytes"
      ? Buffer.from(content.bytes)
      : Buffer.from(await Bun.file(content.path).slice(0, lengthBytes).arrayBuffer());
  } finally {
    reader.release();
  }
}

/** Objects of all layouts with a history, in `mountpath`. */
async function fill(mountpath: string, count: number): Promise<ReadonlyMap<string, Buffer>> {
  const bodies = new Map<string, Buffer>();
  await using store = await open(mountpath);
  const options = { checksumType: "xxhash2", durability: "os", versioned: true } as const;
  for (let n = 0; n < count * 2; n++) {
    const name = `dir-${random.integer(0, 20)}/object-${random.integer(0, count)}`;
    if (random.integer(0, 9) === 0) {
      await store.delete(keyOf(name), "os", NOOP_SPAN);
      bodies.delete(name);
    } else {
      const body = random.bytes(random.pick([0, 100, 1_000, 5_000, 16_384, 16_385, 40_000]));
      await store.put(keyOf(name), body, options, NOOP_SPAN);
      bodies.set(name, body);
    }
  }
  return bodies;
}

function tearIndex(path: string): string {
  const pages = statSync(path).size / PAGE_BYTES;
  const how = random.pick(["cut", "zero", "garbage", "flip", "swap", "meta"] as const);
  const bytes = readFileSync(path);
  const page = how === "meta" ? random.integer(0, 1) : random.integer(2, pages - 1);
  const at = page * PAGE_BYTES;
  if (how === "cut") truncateSync(path, random.integer(0, pages - 1) * PAGE_BYTES);
  else if (how === "flip") flipBitAt(path, random.integer(2 * PAGE_BYTES, bytes.byteLength - 1));
  else {
    const other = random.integer(2, pages - 1) * PAGE_BYTES;
    if (how === "zero") bytes.fill(0, at, at + PAGE_BYTES);
    else if (how === "swap") bytes.copy(bytes, at, other, other + PAGE_BYTES);
    else random.bytes(PAGE_BYTES).copy(bytes, at);
    writeFileSync(path, bytes);
  }
  return `${how} at page ${page}`;
}

/** Every object is right, or missing with the others that the report counts as lost. */
async function expectRestored(
  mountpath: string,
  bodies: ReadonlyMap<string, Buffer>,
  report: RebuildReport,
  what: string,
): Promise<void> {
  await using store = await open(mountpath);
  let missing = 0;
  // By the one write of the last transaction, when only the state before it could be read.
  let outdated = 0;
  for (const [name, body] of bodies) {
    const found = await read(store, name).catch((error: unknown) => error);
    if (found instanceof Error) {
      missing += 1;
      // Files of their own lose nothing with the index.
      if (body.byteLength > INLINE_LIMIT_BYTES) throw new Error(`${what}: lost ${name}: ${found.message}`);
    } else if (!(found as Buffer).equals(body)) {
      outdated += 1;
    }
  }
  const everything = { prefix: "", after: "", limit: 100_000, delimiter: "" };
  const { objects } = await store.list(1n, everything, NOOP_SPAN);
  outdated += objects.filter(({ objectName }) => !bodies.has(objectName)).length;
  if (report.newest_state) {
    expect([what, outdated]).toEqual([what, 0]);
    if (report.lost_records === null) return;
    expect([what, missing]).toEqual([what, report.lost_records + report.damaged_inline_objects]);
  } else if (report.lost_records !== null) {
    const unexplained = missing - report.lost_records - report.damaged_inline_objects;
    expect([what, Math.abs(unexplained) + outdated <= 1]).toEqual([what, true]);
  }
}

test(
  "a torn index",
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "torn-index-"));
    const good = join(directory, "good");
    const bodies = await fill(good, 150);
    const { signal } = new AbortController();
    let refused = 0;
    const tear = async (round: number): Promise<void> => {
      const mountpath = join(directory, `round-${round}`);
      cpSync(good, mountpath, { recursive: true });
      const what = `seed ${random.seed}, round ${round}: ${tearIndex(join(mountpath, "index/data.mdb"))}`;
      const opening = await open(mountpath).catch((error: unknown) => error as Error);
      if (opening instanceof Error) {
        refused += 1;
        expect([what, opening.message]).toEqual([
          what,
          expect.stringContaining("ais storage rebuild --mountpath"),
        ]);
        const report = await rebuildMountpath({ mountpath, signal });
        await expectRestored(mountpath, bodies, report, what);
      } else {
        // A page that is free, or the inside of a small object: reads of that one fail, by their checksum.
        let wrong = 0;
        for (const [name, body] of bodies) {
          const found = await read(opening, name).catch((error: unknown) => error);
          if (found instanceof Error) wrong += 1;
          else expect([what, name, (found as Buffer).equals(body)]).toEqual([what, name, true]);
        }
        await opening[Symbol.asyncDispose]();
        expect([what, wrong <= 4]).toEqual([what, true]);
      }
      rmSync(mountpath, { recursive: true });
    };
    // Where damage falls is chance; enough of it must be of the kind that is refused.
    await roundsUntil(() => refused > 3, 16, tear);
    expect(refused).toBeGreaterThan(3);
    rmSync(directory, { recursive: true });
  },
  soakTimeoutMs(120_000),
);
