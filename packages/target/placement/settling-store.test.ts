/** What requests see of objects that are still, or may still be, at other targets. */
import { expect, test } from "bun:test";
import { AisError } from "@ais/base/errors.ts";
import { MemoryMember, memoryNode } from "@ais/node/testing/memory-member.ts";
import type { ObjectAttributes, ObjectKey, ObjectReader, ObjectStore } from "@ais/storage/types.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { Claims } from "./claims.ts";
import type { HandOver } from "./hand-over.ts";
import { createSettlingStore } from "./settling-store.ts";

const KEY: ObjectKey = { bucketId: 1n, bucketName: "ais://b", objectName: "o", uname: "ais/@#/b/o" };
const PUT = { checksumType: "none", durability: "os", versioned: false } as const;

function attributesAt(createdNs: bigint): ObjectAttributes {
  return {
    sizeBytes: 1,
    checksum: null,
    version: "",
    createdNs,
    atimeNs: 0n,
    custom: {},
    mountpath: "/mp",
  };
}

interface Setup {
  /** Here, by the time of its write. */
  readonly here?: bigint;
  /** At another target. */
  readonly elsewhere?: bigint;
  readonly settled?: boolean;
  readonly outdated?: boolean;
  readonly owner?: string;
}

/** One object, here or elsewhere, with an account of what was asked of whom. */
function setUp({ here, elsewhere, settled = false, outdated = false, owner = "self" }: Setup) {
  const asked: string[] = [];
  const state = { here, elsewhere, owner };
  const member = new MemoryMember(memoryNode("target", "self", 1), [memoryNode("target", "other", 2)]);
  member.snapshot = {
    ...member.snapshot,
    rmd: {
      ...member.snapshot.rmd,
      target_ids: settled ? ["self", "other"] : outdated ? ["other"] : ["self"],
    },
  };
  const uploads = { complete: async () => attributesAt(5n) };
  const local = {
    uploads,
    get: async (): Promise<ObjectReader> => {
      if (state.here === undefined) throw new AisError("notFound", "missing");
      const reader = { attributes: attributesAt(state.here), offsetBytes: 0, lengthBytes: 1 };
      return { ...reader, content: { kind: "bytes", bytes: new Uint8Array(1) }, release() {} };
    },
    head: async () => (state.here === undefined ? null : attributesAt(state.here)),
    put: async () => {
      state.here = 9n;
      return attributesAt(state.here);
    },
    setCustom: async () => (state.here === undefined ? null : attributesAt(state.here)),
    delete: async (...[, , , notNewerThanNs]: Parameters<ObjectStore["delete"]>) => {
      const found = state.here !== undefined && state.here <= (notNewerThanNs ?? state.here);
      if (found) state.here = undefined;
      asked.push("delete here");
      return found;
    },
    deleteUnchanged: async (_key: ObjectKey, looked: ObjectAttributes) => {
      const found = state.here === looked.createdNs;
      if (found) state.here = undefined;
      asked.push("delete unchanged here");
      return found;
    },
  };
  const claims = {
    isOutdated: outdated,
    isFresh: () => false,
    noteFresh: () => asked.push("fresh"),
    fetch: async (_key: ObjectKey, newerThanNs: bigint) => {
      asked.push(`fetch > ${newerThanNs}`);
      if (state.elsewhere === undefined || state.elsewhere <= newerThanNs) return false;
      state.here = state.elsewhere;
      state.elsewhere = undefined;
      return true;
    },
    drop: async (_key: ObjectKey, _span: unknown, notNewerThanNs?: bigint) => {
      asked.push("drop elsewhere");
      const found = state.elsewhere !== undefined && state.elsewhere <= (notNewerThanNs ?? state.elsewhere);
      if (found) state.elsewhere = undefined;
      return found;
    },
  };
  const handOver = {
    ownerOf: () => ({ daemon_id: state.owner }),
    run: async () => {
      asked.push("hand over");
      return { kind: "owned" };
    },
  };
  const store = createSettlingStore({
    local: local as unknown as ObjectStore,
    member,
    claims: claims as unknown as Claims,
    handOver: handOver as unknown as HandOver,
    nodeId: "self",
  });
  return { store, asked, state, member };
}

test("in a settled cluster nobody is asked for anything", async () => {
  const { store, asked } = setUp({ settled: true, elsewhere: 3n });
  await expect((async () => store.get(KEY, { verify: false }, NOOP_SPAN))()).rejects.toThrow("missing");
  expect(await store.head(KEY, NOOP_SPAN)).toBe(null);
  expect(await store.setCustom(KEY, (custom) => custom, "os", NOOP_SPAN)).toBe(null);
  expect(await store.delete(KEY, "os", NOOP_SPAN)).toBe(false);
  await store.put(KEY, new Uint8Array(1), PUT, NOOP_SPAN);
  expect(asked).toEqual(["delete here"]);
});

test.each([
  ["get", (store: ObjectStore) => store.get(KEY, { verify: false }, NOOP_SPAN)],
  ["head", (store: ObjectStore) => store.head(KEY, NOOP_SPAN)],
  ["setCustom", (store: ObjectStore) => store.setCustom(KEY, (custom) => custom, "os", NOOP_SPAN)],
])("%s of what is elsewhere finds it", async (_name, call) => {
  const { store, asked, state } = setUp({ elsewhere: 3n });
  expect(await call(store)).not.toBe(null);
  expect(asked).toEqual(["fetch > 0"]);
  expect(state.here).toBe(3n);
});

test("what is nowhere is missing, after the others were asked; another target's object is not asked for", async () => {
  const own = setUp({});
  expect(await own.store.head(KEY, NOOP_SPAN)).toBe(null);
  expect(own.asked).toEqual(["fetch > 0"]);
  const others = setUp({ elsewhere: 3n, owner: "other" });
  expect(await others.store.head(KEY, NOOP_SPAN)).toBe(null);
  expect(others.asked).toEqual([]);
});

test("a target that was away asks for newer ones than it has, others take what they have", async () => {
  const away = setUp({ here: 2n, elsewhere: 3n, outdated: true });
  expect((await away.store.head(KEY, NOOP_SPAN))?.createdNs).toBe(3n);
  expect(away.asked[0]).toBe("fetch > 2");
  const stayed = setUp({ here: 2n, elsewhere: 1n });
  expect((await stayed.store.head(KEY, NOOP_SPAN))?.createdNs).toBe(2n);
  expect(stayed.asked).toEqual([]);
});

test("a deletion is one everywhere, elsewhere first", async () => {
  const { store, asked, state } = setUp({ here: 2n, elsewhere: 1n });
  expect(await store.delete(KEY, "os", NOOP_SPAN)).toBe(true);
  expect(asked).toEqual(["drop elsewhere", "delete here"]);
  expect([state.here, state.elsewhere]).toEqual([undefined, undefined]);
  const only = setUp({ elsewhere: 1n });
  expect(await only.store.delete(KEY, "os", NOOP_SPAN)).toBe(true);
});

test("what is deleted for its outdated form stays, in the newest form that another target has", async () => {
  const { store, asked, state } = setUp({ here: 2n, elsewhere: 3n, outdated: true });
  expect(await store.deleteUnchanged(KEY, attributesAt(2n), NOOP_SPAN)).toBe(false);
  expect([state.here, state.elsewhere]).toEqual([3n, undefined]);
  expect(asked).not.toContain("drop elsewhere");
});

test("a write that is not handed over yet outlives what is deleted by what was looked at before it", async () => {
  const { store, state } = setUp({ here: 2n, elsewhere: 3n });
  expect(await store.deleteUnchanged(KEY, attributesAt(2n), NOOP_SPAN)).toBe(true);
  expect([state.here, state.elsewhere]).toEqual([undefined, 3n]);
  const job = setUp({ here: 2n, elsewhere: 4n });
  expect(await job.store.delete(KEY, "os", NOOP_SPAN, 3n)).toBe(true);
  expect([job.state.here, job.state.elsewhere]).toEqual([undefined, 4n]);
  // A request means whatever there is.
  expect(await job.store.delete(KEY, "os", NOOP_SPAN)).toBe(true);
  expect(job.state.elsewhere).toBeUndefined();
});

test("what was replaced here since it was looked at is deleted nowhere", async () => {
  const { store, asked, state } = setUp({ here: 3n, elsewhere: 1n });
  expect(await store.deleteUnchanged(KEY, attributesAt(2n), NOOP_SPAN)).toBe(false);
  expect([state.here, asked]).toEqual([3n, []]);
});

test.each([true, false])(
  "what is as it was looked at is deleted everywhere (outdated: %p)",
  async (outdated) => {
    const { store, asked, state } = setUp({ here: 2n, elsewhere: 1n, outdated });
    expect(await store.deleteUnchanged(KEY, attributesAt(2n), NOOP_SPAN)).toBe(true);
    expect([state.here, state.elsewhere]).toEqual([undefined, undefined]);
    expect(asked.slice(-2)).toEqual(["drop elsewhere", "delete unchanged here"]);
  },
);

test("a write that ends by another map than it began by goes to the owner before it is acknowledged", async () => {
  const { store, asked, member } = setUp({ settled: true });
  await store.put(KEY, new Uint8Array(1), PUT, NOOP_SPAN);
  expect(asked).toEqual([]);
  const writing = store.put(KEY, new Uint8Array(1), PUT, NOOP_SPAN);
  member.snapshot = { ...member.snapshot, smap: { ...member.snapshot.smap, version: "99" } };
  await writing;
  expect(asked).toEqual(["hand over"]);
});
