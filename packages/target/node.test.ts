/** The calls of a target that are not about objects. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { memoryAuth } from "@ais/node/testing/memory-services.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { checkListPageReply, type ListPageReply, type ListPageRequest } from "@ais/wire/list-page.ts";
import { unpack } from "msgpackr";
import { startTargetFixture, type TargetFixture } from "./testing/target-fixture.ts";

let fixture: TargetFixture;
beforeAll(async () => {
  fixture = await startTargetFixture();
});
afterAll(() => fixture[Symbol.asyncDispose]());

const url = (path: string): string => `http://127.0.0.1:${fixture.port}${path}`;

function callList(body: string): Promise<Response> {
  const headers = memoryAuth("proxyone").headers("POST", url("/v1/intra/list"), "targetone");
  return fetch(url("/v1/intra/list"), { method: "POST", body, headers });
}

async function list(change: Partial<ListPageRequest>): Promise<ListPageReply> {
  const request: ListPageRequest = {
    bucket: aisBucket("nnn"),
    bid: "1",
    prefix: "",
    after: "",
    limit: 100,
    delimiter: "",
    props: ["name", "size"],
    timeFormat: "02 Jan 06 15:04 MST",
    ...change,
  };
  const reply = await callList(encodeJson(request));
  expect([reply.status, reply.headers.get("content-type")]).toEqual([200, "application/msgpack"]);
  return checkListPageReply(unpack(new Uint8Array(await reply.arrayBuffer())));
}

test("lists its part of a page", async () => {
  for (const name of ["b", "a/1", "a/2", "a", "é", "z/x/y"]) {
    await fetch(fixture.url(name), { method: "PUT", body: name, headers: { "Ais-Custom-Md": "k=v" } });
  }
  const all = await list({
    props: ["name", "size", "checksum", "version", "custom", "location", "copies", "atime"],
  });
  expect(all.entries.map(({ name }) => name)).toEqual(["a", "a/1", "a/2", "b", "z/x/y", "é"]);
  expect(all.entries[1]).toEqual({
    name: "a/1",
    sizeBytes: 3,
    flags: 64,
    checksum: expect.stringMatching(/^[0-9a-f]{16}$/),
    version: "1",
    custom: "[k:v]",
    location: expect.stringMatching(/^t\[targetone\]:mp\[\/.*\/mp[12], .*\]$/),
    copies: 1,
    atime: expect.stringMatching(/ UTC$/),
  });
  const directories = await list({ delimiter: "/" });
  expect(directories.entries.map(({ name, flags }) => [name, flags])).toEqual([
    ["a", 64],
    ["a/", 256],
    ["b", 64],
    ["z/", 256],
    ["é", 64],
  ]);
  const page = await list({ prefix: "a", after: "a", limit: 1 });
  expect([page.entries.map(({ name }) => name), page.more]).toEqual([["a/1"], true]);
});

test("refreshes when a listing is for another incarnation of the bucket", async () => {
  const before = fixture.services.member.refreshes;
  fixture.addBucket("listed", 50n);
  expect(await list({ bucket: aisBucket("listed"), bid: "50" })).toEqual({
    entries: [],
    more: false,
    smapVersion: "3",
  });
  expect(fixture.services.member.refreshes).toBe(before + 1);
  const malformed = await callList("{}");
  expect(malformed.status).toBe(400);
});

test("tells of itself", async () => {
  const what = async (name: string): Promise<unknown> => (await fetch(url(`/v1/daemon?what=${name}`))).json();
  const mountpaths = (await what("mountpaths")) as { available: string[] };
  expect(mountpaths.available).toHaveLength(2);
  const status = (await what("node_status")) as { capacity: { mountpaths: object; total_avail: string } };
  expect(Object.keys(status.capacity.mountpaths)).toEqual(mountpaths.available);
  expect(Number(status.capacity.total_avail)).toBeGreaterThan(0);
  expect(await what("disk")).toMatchObject({ AllDiskStats: {}, total_used: expect.any(String) });
  expect(await what("smap")).toMatchObject({ uuid: "cluster-uuid" });
  expect((await fetch(url("/v1/daemon?what=nonsense"))).status).toBe(400);
});

test("counts what it serves", async () => {
  await fetch(fixture.url("counted"), { method: "PUT", body: "12345" });
  await (await fetch(fixture.url("counted"))).text();
  const { tracker } = (await (await fetch(url("/v1/daemon?what=node_stats"))).json()) as {
    tracker: Record<string, number>;
  };
  expect(tracker["get.n"]).toBeGreaterThanOrEqual(1);
  expect(tracker["get.size"]).toBeGreaterThanOrEqual(5);
  const text = await (await fetch(url("/metrics"))).text();
  expect(text).toMatch(/ais_target_put_count\{node_id="targetone",bucket="",xkind=""\} [1-9]/);
});

test("has settings of its own, but for those that are the cluster's", async () => {
  const set = async (query: string): Promise<number> =>
    (await fetch(url(`/v1/daemon/set-config?${query}`), { method: "PUT" })).status;
  expect(await set("log.level=4&transient=true")).toBe(200);
  const { nodeConfig } = fixture.services;
  expect(nodeConfig.inForce.log.level).toBe("4");
  expect(await set("log.level=nine&transient=true")).toBe(400);
  expect(await set("no.such=1&transient=true")).toBe(400);
  expect(await set("tracing.service_name_prefix=x&transient=true")).toBe(501);
  expect(await set("mirror.copies=3")).toBe(400);
  expect(await set("log.level=5&mirror.copies=3")).toBe(400);
  expect(await set("")).toBe(400);
  expect(nodeConfig.inForce.log.level).toBe("4");
  const act = async (action: string, value: unknown = null): Promise<number> =>
    (await fetch(url("/v1/daemon"), { method: "PUT", body: JSON.stringify({ action, name: "", value }) }))
      .status;
  expect(await act("set-config", { space: { lowwm: 70 } })).toBe(200);
  expect(nodeConfig.inForce.space.lowwm).toBe(70);
  expect(await act("reset-config")).toBe(200);
  expect(nodeConfig.inForce).toEqual(fixture.services.member.snapshot.config);
  expect(await act("reset-stats")).toBe(400);
  expect(await act("reset-stats", true)).toBe(200);
  expect(await act("nonsense")).toBe(400);
  expect(await act("decommission-node")).toBe(403);
});

test("answers health, also through the path's other spellings", async () => {
  for (const path of ["/v1/health", "/v1/health/", "//v1//health"]) {
    const reply = await fetch(url(path));
    expect([path, reply.status]).toEqual([path, 200]);
    expect(Number(reply.headers.get("ais-node-uptime"))).toBeGreaterThan(0);
  }
});
