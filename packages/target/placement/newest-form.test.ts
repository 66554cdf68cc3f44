/** Several targets have an object, each in another form: which of them the owner gets, and what it makes of silence. */
import { expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { loadHrw } from "@ais/hrw/hrw.ts";
import { MemoryMember, memoryNode } from "@ais/node/testing/memory-member.ts";
import { memoryAuth } from "@ais/node/testing/memory-services.ts";
import { RecordingTracing } from "@ais/node/testing/recording-tracing.ts";
import type { ObjectKey } from "@ais/storage/types.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { outOfServiceState } from "@ais/wire/fixtures/out-of-service.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { parseClaim } from "@ais/wire/object-claim.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { type Rmd, withNode } from "@ais/wire/rmd.ts";
import { placementAmong, SNODE_FLAGS, type Snode } from "@ais/wire/smap.ts";
import { candidatesFor } from "./candidates.ts";
import { Claims } from "./claims.ts";

const HRW = await loadHrw();

type Place = "settled" | "joined" | "kept";

interface Peer {
  readonly place: Place;
  /** Null for a node that does not answer, -1 for one that does not run, and another one has its address. */
  readonly createdNs: bigint | null;
}

/** The owner `self`, and peers that hand over what they have: `moved` is which forms came, in order. */
function setUp(self: "settled" | "joined", peers: Readonly<Record<string, Peer>>) {
  const moved: bigint[] = [];
  /** Who was asked whether it runs. */
  const looks: string[] = [];
  const has = new Map(Object.entries(peers).map(([id, { createdNs }]) => [id, createdNs]));
  const nodes = new Map<string, Snode>();
  const servers = Object.keys(peers).map((id, index) => {
    const server = Bun.serve({
      port: 0,
      async fetch(request) {
        const createdNs = has.get(id) ?? null;
        if (new URL(request.url).pathname === PATHS.daemon) {
          looks.push(id);
          return new Response(encodeJson(createdNs === -1n ? member.self : nodes.get(id)));
        }
        if (createdNs === null) return new Response("the disk is broken", { status: 500 });
        const { newerThanNs, looksOnly } = parseClaim(await request.text());
        if (createdNs <= BigInt(newerThanNs)) return Response.json({ found: false });
        if (looksOnly === true) return Response.json({ found: true, createdNs: createdNs.toString() });
        moved.push(createdNs);
        has.set(id, 0n);
        return Response.json({ found: true });
      },
    });
    nodes.set(id, memoryNode("target", id, server.port ?? 0, BigInt(index + 2)));
    return server;
  });
  const member = new MemoryMember(memoryNode("target", "self", 1, 1n), [...nodes.values()]);
  const { smap, rmd } = member.snapshot;
  const settled = Object.entries({ ...peers, self: { place: self } }).flatMap(([id, { place }]) =>
    place === "settled" ? [id] : [],
  );
  const kept = [...nodes.values()].filter((node) => peers[node.daemon_id]?.place === "kept");
  const flagged = kept.map((node): [string, Snode] => [
    node.daemon_id,
    { ...node, flags: SNODE_FLAGS.maintenance },
  ]);
  const without = (next: Rmd, node: Snode): Rmd =>
    withNode(next, node.daemon_id, outOfServiceState(node, { rebalance: false, final: true }));
  member.newest = {
    ...member.snapshot,
    smap: { ...smap, version: "50", tmap: { ...smap.tmap, ...Object.fromEntries(flagged) } },
    rmd: kept.reduce(without, { ...rmd, version: "50", target_ids: settled }),
  };
  member.deliver("rmd");
  member.deliver("smap");
  const caller = { tracing: new RecordingTracing(), intraAuth: memoryAuth("self") };
  const claims = new Claims({ member, caller, hrw: HRW, nodeId: "self" });
  /** An object that was written at `id` while only the settled ones were there. */
  const keyAt = (id: string): ObjectKey => {
    const among = placementAmong(member.snapshot.smap, settled);
    const names = Array.from({ length: 100 }, (_, index) => `o${index}`);
    const isThere = (name: string) => HRW.chooseTarget(among, `ais/@#/b/${name}`)?.id === id;
    const objectName = must(names.find(isThere), "a name");
    return { bucketId: 1n, bucketName: "ais://b", objectName, uname: `ais/@#/b/${objectName}` };
  };
  const dispose = (): void => {
    claims[Symbol.dispose]();
    for (const server of servers) void server.stop(true);
  };
  const candidates = (key: ObjectKey) => [...candidatesFor(key.uname, member.snapshot, HRW)].sort();
  return { claims, moved, looks, has, keyAt, candidates, [Symbol.dispose]: dispose };
}

test("of several forms only the newest comes", async () => {
  using fixture = setUp("settled", {
    a: { place: "kept", createdNs: 3n },
    b: { place: "kept", createdNs: 5n },
    c: { place: "settled", createdNs: 0n },
  });
  const key = fixture.keyAt("self");
  expect(fixture.candidates(key)).toEqual(["a", "b", "self"]);
  expect(await fixture.claims.fetch(key, 0n, NOOP_SPAN)).toBe(true);
  expect(fixture.moved).toEqual([5n]);
  expect(await fixture.claims.fetch(key, 5n, NOOP_SPAN)).toBe(false);
});

test("an older form is not taken for the newest while one that may have it does not answer, and does not come", async () => {
  using fixture = setUp("settled", {
    a: { place: "kept", createdNs: 3n },
    b: { place: "kept", createdNs: null },
  });
  const { claims, moved, has } = fixture;
  const key = fixture.keyAt("self");
  for (const _ of [1, 2])
    await expect(claims.fetch(key, 0n, NOOP_SPAN)).rejects.toMatchObject({ code: "unavailable" });
  expect(moved).toEqual([]);
  has.set("b", 5n);
  expect(await claims.fetch(key, 0n, NOOP_SPAN)).toBe(true);
  expect(moved).toEqual([5n]);
});

test("a target that came back waits for the one that took its place, and for nobody else", async () => {
  using fixture = setUp("joined", {
    a: { place: "settled", createdNs: 5n },
    b: { place: "settled", createdNs: null },
    c: { place: "kept", createdNs: 3n },
  });
  const { claims, moved, has, keyAt } = fixture;
  expect(fixture.candidates(keyAt("a"))).toEqual(["a", "c", "self"]);
  await expect(claims.fetch(keyAt("b"), 1n, NOOP_SPAN)).rejects.toMatchObject({ code: "unavailable" });
  expect(moved).toEqual([]);
  // What b may have of an object that a took over is no newer.
  expect(await claims.fetch(keyAt("a"), 1n, NOOP_SPAN)).toBe(true);
  expect(moved).toEqual([5n]);
  // Whether there is any at all, only all of them can say.
  has.set("a", 0n).set("c", 0n);
  await expect(claims.fetch(keyAt("a"), 1n, NOOP_SPAN)).rejects.toMatchObject({ code: "unavailable" });
});

test("where one alone may have the newest form it is asked but once", async () => {
  using fixture = setUp("joined", {
    a: { place: "settled", createdNs: 5n },
    b: { place: "settled", createdNs: null },
  });
  const { claims, moved, keyAt } = fixture;
  expect(await claims.fetch(keyAt("a"), 0n, NOOP_SPAN)).toBe(true);
  expect(moved).toEqual([5n]);
  await expect(claims.fetch(keyAt("b"), 0n, NOOP_SPAN)).rejects.toMatchObject({ code: "unavailable" });
});

test("a form that a rebalance brings lets a newer one go first that another target kept", async () => {
  using fixture = setUp("settled", {
    a: { place: "kept", createdNs: 3n },
    b: { place: "kept", createdNs: 5n },
    c: { place: "settled", createdNs: null },
  });
  const { claims, moved, has } = fixture;
  const key = fixture.keyAt("self");
  await claims.fetchNewer(key, 5n, "b", NOOP_SPAN);
  expect(moved).toEqual([]);
  has.set("b", null);
  await expect(claims.fetchNewer(key, 3n, "a", NOOP_SPAN)).rejects.toMatchObject({ code: "unavailable" });
  has.set("b", 5n);
  await claims.fetchNewer(key, 3n, "a", NOOP_SPAN);
  expect(moved).toEqual([5n]);
});

test("one that is outdated itself asks before it reads, and not for every object that comes", async () => {
  using fixture = setUp("joined", {
    a: { place: "kept", createdNs: 3n },
    b: { place: "kept", createdNs: 5n },
    c: { place: "settled", createdNs: null },
  });
  await fixture.claims.fetchNewer(fixture.keyAt("c"), 3n, "a", NOOP_SPAN);
  expect(fixture.moved).toEqual([]);
});

test("that one does not run is not asked for every object that a rebalance brings", async () => {
  using fixture = setUp("settled", {
    a: { place: "kept", createdNs: 3n },
    b: { place: "kept", createdNs: -1n },
  });
  const { claims, looks } = fixture;
  const key = fixture.keyAt("self");
  for (const _ of [1, 2, 3]) await claims.fetchNewer(key, 3n, "a", NOOP_SPAN);
  expect(looks).toEqual(["b"]);
  // A request is told how it is now.
  expect(await claims.fetch(key, 0n, NOOP_SPAN)).toBe(true);
  expect(looks.filter((id) => id === "b").length).toBeGreaterThan(1);
});
