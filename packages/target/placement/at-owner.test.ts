/** Requests that came by another cluster map than the target's. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { loadHrw } from "@ais/hrw/hrw.ts";
import { memoryNode } from "@ais/node/testing/memory-member.ts";
import { aisBucket, objectUname } from "@ais/wire/bck.ts";
import { placementNodes } from "@ais/wire/smap.ts";
import { startTargetFixture, type TargetFixture } from "../testing/target-fixture.ts";

const OTHER_PORT = 9;
const VERSION = "9";

let fixture: TargetFixture;
/** Names of objects, by the target that owns them once the other one is there. */
let own = "";
let others = "";

beforeEach(async () => {
  fixture = await startTargetFixture();
  const { member } = fixture.services;
  const hrw = await loadHrw();
  const other = memoryNode("target", "targettwo", OTHER_PORT, hrw.digest("targettwo"));
  const { smap, rmd } = member.newest;
  const tmap = { ...smap.tmap, targettwo: other };
  member.newest = {
    ...member.newest,
    smap: { ...smap, tmap, version: VERSION },
    rmd: { ...rmd, target_ids: ["targetone", "targettwo"] },
  };
  const nodes = placementNodes(member.newest.smap);
  const names = Array.from({ length: 50 }, (_, index) => `o${index}`);
  const ownerOf = (name: string) => hrw.chooseTarget(nodes, objectUname(aisBucket("nnn"), name))?.id;
  own = names.find((name) => ownerOf(name) === "targetone") ?? "";
  others = names.find((name) => ownerOf(name) === "targettwo") ?? "";
});

afterEach(() => fixture[Symbol.asyncDispose]());

function request(method: string, name: string, version: string): Promise<Response> {
  const init = { method, redirect: "manual", ...(method === "PUT" ? { body: "content" } : {}) } as const;
  return fetch(fixture.url(name, `x-y=1&vpams=${version}`), init);
}

test("by the same map, everything is served where it was sent", async () => {
  fixture.services.member.deliver("smap");
  expect((await request("PUT", others, VERSION)).status).toBe(200);
  expect((await request("GET", others, VERSION)).status).toBe(200);
});

test("by an older map, what belongs elsewhere goes on to its owner", async () => {
  fixture.services.member.deliver("smap");
  for (const [method, status] of [
    ["PUT", 307],
    ["GET", 301],
    ["HEAD", 307],
    ["DELETE", 307],
    ["PATCH", 307],
  ] as const) {
    const reply = await request(method, others, "3");
    expect([method, reply.status]).toEqual([method, status]);
    const location = new URL(reply.headers.get("location") ?? "");
    expect([location.port, location.pathname]).toEqual([String(OTHER_PORT), `/v1/objects/nnn/${others}`]);
    // The owner has the newest map, and the rest of the query is the client's.
    expect(location.searchParams.get("vpams")).toBe(VERSION);
    expect(location.searchParams.get("x-y")).toBe("1");
    expect(location.searchParams.get("pid")).toBe("proxyone");
    expect(reply.headers.get("cache-control")).toBe("no-store");
  }
  expect((await request("PUT", own, "3")).status).toBe(200);
  expect((await request("GET", own, "3")).status).toBe(200);
});

test("by a newer map, the target reads its own anew first", async () => {
  expect(fixture.services.member.snapshot.smap.version).not.toBe(VERSION);
  expect((await request("PUT", own, VERSION)).status).toBe(200);
  expect(fixture.services.member.snapshot.smap.version).toBe(VERSION);
  // Sent here by a map that is newer still, which nobody has: the owner by the newest one is asked.
  expect((await request("GET", others, "99")).status).toBe(301);
});

test.each(["PATCH", "DELETE"])(
  "a %s whose message takes so long that the object gets another owner is not acknowledged here",
  async (method) => {
    const { member, requests } = fixture.services;
    const { version } = member.snapshot.smap;
    expect((await request("PUT", others, version)).status).toBe(200);
    const text = new TextEncoder();
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(text.encode('{"action":"",'));
        // Once it has been taken by the map of now.
        const isTaken = () => requests.inFlight.list(0).some(({ operation }) => operation !== "object.put");
        while (!isTaken()) await Bun.sleep(5);
        await Bun.sleep(50);
        member.deliver("smap");
        controller.enqueue(text.encode('"name":"","value":{"color":"blue"}}'));
        controller.close();
      },
    });
    const reply = await fetch(fixture.url(others, `vpams=${version}`), { method, body });
    expect([reply.status, await reply.text()]).toEqual([503, expect.stringContaining("has changed")]);
  },
);

test("without the stamp of a proxy a read is served from what is here", async () => {
  fixture.services.member.deliver("smap");
  expect((await request("PUT", others, VERSION)).status).toBe(200);
  const direct = await fetch(`http://127.0.0.1:${fixture.port}/v1/objects/nnn/${others}`);
  expect(await direct.text()).toBe("content");
});
