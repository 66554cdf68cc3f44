/** Objects whose owner changes while they are on their way between targets. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { loadHrw } from "@ais/hrw/hrw.ts";
import { memoryNode } from "@ais/node/testing/memory-member.ts";
import { memoryAuth } from "@ais/node/testing/memory-services.ts";
import { aisBucket, objectUname } from "@ais/wire/bck.ts";
import { encodeTransfer, type ObjectTransfer, TRANSFER_HEADER } from "@ais/wire/object-transfer.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { placementNodes } from "@ais/wire/smap.ts";
import { startTargetFixture, type TargetFixture } from "../testing/target-fixture.ts";

const BUCKET = aisBucket("nnn");
const CONTENT = "content";

let one: TargetFixture;
let two: TargetFixture;
/** Names of objects that target one owns before, and target two after the other cluster map. */
let leaving: readonly string[];

beforeEach(async () => {
  one = await startTargetFixture("targetone");
  two = await startTargetFixture("targettwo");
  const hrw = await loadHrw();
  const nodes = [one, two].map(({ port }, index) => {
    const id = ["targetone", "targettwo"][index] ?? "";
    return memoryNode("target", id, port, hrw.digest(id));
  });
  for (const { services } of [one, two]) {
    const { member } = services;
    const { smap, rmd } = member.newest;
    const tmap = Object.fromEntries(nodes.map((node) => [node.daemon_id, node]));
    // Both are settled, so that nothing is found but where it is.
    const target_ids = Object.keys(tmap);
    member.newest = {
      ...member.newest,
      smap: { ...smap, tmap, version: "9" },
      rmd: { ...rmd, target_ids, version: "2" },
    };
  }
  two.services.member.deliver("rmd");
  two.services.member.deliver("smap");
  const all = placementNodes(two.services.member.snapshot.smap);
  leaving = Array.from({ length: 50 }, (_, index) => `o${index}`).filter(
    (name) => hrw.chooseTarget(all, objectUname(BUCKET, name))?.id === "targettwo",
  );
});

afterEach(async () => {
  await one[Symbol.asyncDispose]();
  await two[Symbol.asyncDispose]();
});

function changeMap(): void {
  one.services.member.deliver("rmd");
  one.services.member.deliver("smap");
}

function nameOf(index: number): string {
  return leaving[index] ?? "";
}

/** Of an object, at the target itself: without the stamp of a proxy nothing is sent on. */
async function readAt({ port }: TargetFixture, name: string): Promise<string | number> {
  const reply = await fetch(`http://127.0.0.1:${port}/v1/objects/nnn/${name}`);
  return reply.status === 200 ? reply.text() : reply.status;
}

function transferOf(name: string, more: Partial<ObjectTransfer> = {}): ObjectTransfer {
  return {
    uname: objectUname(BUCKET, name),
    bid: "1",
    bmdVersion: "0",
    smapVersion: "3",
    sizeBytes: CONTENT.length,
    checksum: null,
    atimeNs: "1",
    custom: {},
    parts: null,
    keepExisting: false,
    durable: false,
    moved: null,
    jobId: "",
    ...more,
  };
}

/** Sends an object to target one; `meanwhile` happens when half of it is there. */
async function send(path: string, transfer: ObjectTransfer, meanwhile: () => void): Promise<Response> {
  const url = `http://127.0.0.1:${one.port}${path}`;
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const headers = {
    "Content-Length": CONTENT.length,
    [TRANSFER_HEADER]: encodeTransfer(transfer),
    ...memoryAuth("targetold").headers("PUT", url, "targetone"),
  };
  // Bodies of `fetch` that come in parts have no length.
  const sending = request(url, { method: "PUT", headers }, async (reply) => {
    resolve(new Response(await text(reply), { status: reply.statusCode ?? 0 }));
  });
  sending.on("error", reject);
  sending.write(CONTENT.slice(0, 3));
  await Bun.sleep(100);
  meanwhile();
  sending.end(CONTENT.slice(3));
  return promise;
}

test.each([
  ["a copy", PATHS.intraObject, {}],
  ["a job's copy", PATHS.intraJobObject, { jobId: "j1" }],
  ["a moved object", PATHS.intraJobObject, { moved: { createdNs: "7", version: "1" } }],
])("%s that is received by another map than it was taken by goes on to its owner", async (_, path, more) => {
  const name = nameOf(0);
  const reply = await send(path, transferOf(name, more), changeMap);
  expect(reply.status).toBe(200);
  expect([await readAt(one, name), await readAt(two, name)]).toEqual([404, CONTENT]);
});

test("what its owner does not take is not acknowledged", async () => {
  const name = nameOf(0);
  two.services.member.newest = one.services.member.snapshot;
  two.services.member.deliver("smap");
  const reply = await send(PATHS.intraObject, transferOf(name), changeMap);
  expect([reply.status, await reply.text()]).toEqual([503, expect.stringContaining("has changed")]);
});

test.each([
  ["nothing", "", CONTENT],
  ["a newer one", "newer", "newer"],
])(
  "when the owner changes while the target looks what it has, and finds %s, that goes on",
  async (_, here, there) => {
    const name = nameOf(0);
    if (here !== "") await fetch(one.url(name), { method: "PUT", body: here });
    const { store } = one.target;
    const head = store.head.bind(store);
    store.head = (...args) => {
      store.head = head;
      changeMap();
      return head(...args);
    };
    const moved = { createdNs: "7", version: "1" };
    const reply = await send(PATHS.intraJobObject, transferOf(name, { moved }), () => {});
    expect(reply.status).toBe(200);
    expect([await readAt(one, name), await readAt(two, name)]).toEqual([404, there]);
  },
);

test("one that is to yield to whatever is there is not taken by who cannot tell any more", async () => {
  const name = nameOf(0);
  const transfer = transferOf(name, { keepExisting: true });
  const reply = await send(PATHS.intraJobObject, transfer, changeMap);
  expect([reply.status, await reply.text()]).toEqual([503, expect.stringContaining("has changed")]);
  expect([await readAt(one, name), await readAt(two, name)]).toEqual([404, 404]);
});

/** The cluster map changes when the object that is copied has been opened. */
function changeMapAtGet(): void {
  const { store } = one.target;
  const get = store.get.bind(store);
  store.get = async (...args) => {
    store.get = get;
    const reader = await get(...args);
    changeMap();
    return reader;
  };
}

test("a copy whose place changes while its original is opened is made at the new place", async () => {
  const [source, copy] = [nameOf(0), nameOf(1)];
  await fetch(one.url(source), { method: "PUT", body: CONTENT });
  changeMapAtGet();
  const target = encodeURIComponent(objectUname(BUCKET, copy));
  const reply = await fetch(one.url(source, `object_to=${target}`), { method: "PUT" });
  expect(reply.status).toBe(200);
  expect([await readAt(one, copy), await readAt(two, copy)]).toEqual([404, CONTENT]);
});

test("a rename keeps an old name that has another owner meanwhile, and says so", async () => {
  const [source, renamed] = [nameOf(0), nameOf(1)];
  await fetch(one.url(source), { method: "PUT", body: CONTENT });
  changeMapAtGet();
  const body = JSON.stringify({ action: "rename-obj", name: renamed });
  const reply = await fetch(one.url(source), { method: "POST", body });
  expect([reply.status, await reply.text()]).toEqual([503, expect.stringContaining("both names exist")]);
  expect([await readAt(one, source), await readAt(two, renamed)]).toEqual([CONTENT, CONTENT]);
});

test("an object that comes back to the target that is sending it, by a newer map, stays there", async () => {
  const name = nameOf(0);
  await fetch(one.url(name), { method: "PUT", body: CONTENT });
  changeMap();
  const { store } = two.target;
  const put = store.put.bind(store);
  store.put = async (...args) => {
    store.put = put;
    const attributes = await put(...args);
    for (const { member } of [one.services, two.services]) {
      const { smap } = member.newest;
      const { targetone = member.self } = smap.tmap;
      member.newest = { ...member.newest, smap: { ...smap, tmap: { targetone }, version: "10" } };
    }
    two.services.member.deliver("smap");
    return attributes;
  };
  const url = `http://127.0.0.1:${one.port}${PATHS.intraHandOver}`;
  const claim = { uname: objectUname(BUCKET, name), bid: "1", smapVersion: "9", newerThanNs: "0" };
  const headers = memoryAuth("targettwo").headers("POST", url, "targetone");
  const reply = await fetch(url, { method: "POST", headers, body: JSON.stringify(claim) });
  expect([await readAt(one, name), await readAt(two, name)]).toEqual([CONTENT, 404]);
  expect([reply.status, await reply.json()]).toEqual([200, { found: false }]);
});
