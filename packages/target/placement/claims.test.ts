/** What the owner of an object asks of other targets, and what it makes of their answers. */
import { expect, test } from "bun:test";
import { loadHrw } from "@ais/hrw/hrw.ts";
import { MemoryMember, memoryNode } from "@ais/node/testing/memory-member.ts";
import { memoryAuth } from "@ais/node/testing/memory-services.ts";
import { RecordedSpan, RecordingTracing } from "@ais/node/testing/recording-tracing.ts";
import type { ObjectAttributes, ObjectKey, ObjectStore } from "@ais/storage/types.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { outOfServiceState } from "@ais/wire/fixtures/out-of-service.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { withNode } from "@ais/wire/rmd.ts";
import { SNODE_FLAGS, type Snode } from "@ais/wire/smap.ts";
import { Claims } from "./claims.ts";
import type { HandOver } from "./hand-over.ts";
import { createSettlingStore } from "./settling-store.ts";

const KEY: ObjectKey = { bucketId: 1n, bucketName: "ais://b", objectName: "o", uname: "ais/@#/b/o" };
const HRW = await loadHrw();
const NO_ANSWER = new Promise<Response>(() => {});

type Answer = () => Response | Promise<Response>;

const yes: Answer = () => Response.json({ found: true });
const no: Answer = () => Response.json({ found: false });
const fault: Answer = () => new Response("the disk is broken", { status: 500 });

interface OtherNode {
  /** To claims; null when the process does not run. */
  readonly answer: Answer | null;
  /** To who asks which node it is. */
  readonly identify?: (self: Snode) => Response | Promise<Response>;
  readonly onBody?: (body: string) => void;
}

/** The owner, and a target in maintenance that was never to hand over what it has. */
function setUp({ answer, identify = (self) => new Response(encodeJson(self)), onBody }: OtherNode) {
  const asked: string[] = [];
  const server = Bun.serve({
    port: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === PATHS.daemon) return identify(other);
      asked.push(pathname);
      onBody?.(await request.text());
      return answer?.() ?? new Response(null, { status: 500 });
    },
  });
  const other = memoryNode("target", "other", server.port ?? 0);
  if (answer === null) void server.stop(true);
  const self = memoryNode("target", "self", 1);
  const member = new MemoryMember(self, [other]);
  const { smap, rmd } = member.snapshot;
  const kept = { ...other, flags: SNODE_FLAGS.maintenance };
  member.newest = {
    ...member.snapshot,
    smap: { ...smap, tmap: { ...smap.tmap, other: kept } },
    rmd: withNode(
      { ...rmd, target_ids: ["self"] },
      "other",
      outOfServiceState(other, { rebalance: false, final: true }),
    ),
  };
  member.deliver("rmd");
  member.deliver("smap");
  const caller = { tracing: new RecordingTracing(), intraAuth: memoryAuth("self") };
  const claims = new Claims({ member, caller, hrw: HRW, nodeId: "self" });
  const dispose = (): void => {
    claims[Symbol.dispose]();
    void server.stop(true);
  };
  return { claims, member, asked, [Symbol.dispose]: dispose };
}

const OPERATIONS = [
  ["fetch", (claims: Claims) => claims.fetch(KEY, 0n, NOOP_SPAN)],
  ["drop", (claims: Claims) => claims.drop(KEY, NOOP_SPAN)],
] as const;

test.each(OPERATIONS)("%s waits for a node in maintenance that runs and is slow", async (_name, ask) => {
  using fixture = setUp({ answer: () => Bun.sleep(2500).then(yes) });
  expect(await ask(fixture.claims)).toBe(true);
});

test.each(OPERATIONS)("%s fails when a node in maintenance runs and cannot be asked", async (_name, ask) => {
  using broken = setUp({ answer: fault });
  await expect(ask(broken.claims)).rejects.toMatchObject({ code: "unavailable" });
  // One that starts answers anything with this.
  using starting = setUp({ answer: fault, identify: () => new Response(null, { status: 503 }) });
  await expect(ask(starting.claims)).rejects.toMatchObject({ code: "unavailable" });
});

test.each(OPERATIONS)("%s passes over a node in maintenance that does not run", async (_name, ask) => {
  using stopped = setUp({ answer: null });
  expect(await ask(stopped.claims)).toBe(false);
  // Another node has got its address.
  const another = memoryNode("target", "another", 9);
  using moved = setUp({ answer: fault, identify: () => new Response(encodeJson(another)) });
  expect(await ask(moved.claims)).toBe(false);
  using foreign = setUp({ answer: fault, identify: () => new Response("hello") });
  expect(await ask(foreign.claims)).toBe(false);
  expect([moved.asked, foreign.asked]).toEqual([[], []]);
});

test("what is dropped is told by its time, where there is one", async () => {
  const told: unknown[] = [];
  using fixture = setUp({ answer: yes, onBody: (body) => told.push(JSON.parse(body)) });
  await fixture.claims.drop(KEY, NOOP_SPAN, 7n);
  await fixture.claims.drop(KEY, NOOP_SPAN);
  expect(told).toMatchObject([{ notNewerThanNs: "7" }, { newerThanNs: "0" }]);
  expect(told[1]).not.toHaveProperty("notNewerThanNs");
});

test("a node in maintenance that says nothing for as long as a lease lasts does not run", async () => {
  using silent = setUp({ answer: () => NO_ANSWER, identify: () => NO_ANSWER });
  const startMs = performance.now();
  expect(await silent.claims.fetch(KEY, 0n, NOOP_SPAN)).toBe(false);
  expect(performance.now() - startMs).toBeGreaterThan(3900);
  expect(silent.asked).toEqual([]);
});

/** This target has come back itself, and holds an object that may be outdated. */
function setUpReturned(answer: Answer) {
  const fixture = setUp({ answer });
  const { claims, member } = fixture;
  member.newest = { ...member.newest, rmd: { ...member.newest.rmd, target_ids: [], version: "2" } };
  member.deliver("rmd");
  const here = { createdNs: 5n } as ObjectAttributes;
  const store = createSettlingStore({
    local: { head: async () => here, uploads: {} } as unknown as ObjectStore,
    member,
    claims,
    handOver: { ownerOf: () => member.self } as unknown as HandOver,
    nodeId: "self",
  });
  let version = 90;
  const changeMap = (): void => {
    member.newest = { ...member.newest, smap: { ...member.newest.smap, version: String(version++) } };
    member.deliver("smap");
  };
  return { ...fixture, head: () => store.head(KEY, NOOP_SPAN), changeMap };
}

test("what a target asked for once is asked for again when it has been away once more", async () => {
  using fixture = setUpReturned(no);
  const { claims, member, asked, head, changeMap } = fixture;
  await head();
  await head();
  expect([asked, claims.isFresh(KEY.uname)]).toEqual([[PATHS.intraHandOver], true]);
  // Away and back between two looks at the map: it is as outdated as before, and the object may have been written again.
  changeMap();
  await head();
  expect(asked).toEqual([PATHS.intraHandOver, PATHS.intraHandOver]);
  // Nothing is outdated any more once all is in its place.
  const { smap, rmd } = member.newest;
  member.newest = {
    ...member.newest,
    rmd: { ...withNode(rmd, "other", null), target_ids: ["self", "other"] },
  };
  member.newest = { ...member.newest, smap: { ...smap, tmap: { self: member.self } } };
  member.deliver("smap");
  member.deliver("rmd");
  expect(claims.isFresh(KEY.uname)).toBe(false);
});

test("an answer of the time before says nothing of what was written since", async () => {
  const answers: ((answer: Response) => void)[] = [];
  using fixture = setUpReturned(() => new Promise<Response>((resolve) => answers.push(resolve)));
  const { claims, asked, head, changeMap } = fixture;
  const untilAsked = async (count: number): Promise<void> => {
    while (answers.length < count) await Bun.sleep(5);
  };
  const before = head();
  await untilAsked(1);
  changeMap();
  // Asked on its own account.
  const after = head();
  await untilAsked(2);
  answers[0]?.(Response.json({ found: false }));
  await before;
  expect(claims.isFresh(KEY.uname)).toBe(false);
  answers[1]?.(Response.json({ found: false }));
  await after;
  expect([claims.isFresh(KEY.uname), asked.length]).toEqual([true, 2]);
});

test("who waits for the answer that another request asked for has a span that says so", async () => {
  using fixture = setUp({ answer: yes });
  const { claims } = fixture;
  const first = new RecordedSpan("GET", 2, "1".repeat(32), "");
  const second = new RecordedSpan("GET", 2, "2".repeat(32), "");
  expect(await Promise.all([claims.fetch(KEY, 0n, first), claims.fetch(KEY, 0n, second)])).toEqual([
    true,
    true,
  ]);
  const shown = [first, second].map(({ children }) =>
    children.map(({ name, endings, attributes }) => [
      name,
      endings,
      attributes["ais.object.shared"] ?? false,
    ]),
  );
  expect(shown).toEqual([[["ais.object.fetch", 1, false]], [["ais.object.fetch", 1, true]]]);
});
