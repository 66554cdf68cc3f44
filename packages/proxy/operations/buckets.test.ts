import { describe, expect, test } from "bun:test";
import { actMsg } from "@ais/wire/act-msg.ts";
import { aisBucket, type Bck } from "@ais/wire/bck.ts";
import { FakeProxy, headerOf, jsonOf, textOf } from "../fixtures/fake-proxy.ts";

const LOCAL_NS: Bck = { name: "nnn", provider: "ais", namespace: { uuid: "", name: "team" } };

describe("bucket.list", () => {
  const names = (reply: Parameters<typeof jsonOf>[0]): string[] =>
    (jsonOf(reply) as Bck[]).map((bucket) => `${bucket.namespace.name}/${bucket.name}`);

  test("is sorted, has every key, and is [] when there is none", async () => {
    const proxy = await FakeProxy.create({ buckets: [aisBucket("b"), aisBucket("a"), LOCAL_NS] });
    const reply = await proxy.send("GET", "/v1/buckets");
    expect(names(reply)).toEqual(["/a", "/b", "team/nnn"]);
    expect((jsonOf(reply) as unknown[])[0]).toEqual({
      name: "a",
      provider: "ais",
      namespace: { uuid: "", name: "" },
    });
    const empty = await FakeProxy.create({ buckets: [] });
    expect(textOf(await empty.send("GET", "/v1/buckets", { body: actMsg("list") }))).toBe("[]\n");
  });

  test("the name in the message is an exact filter", async () => {
    const proxy = await FakeProxy.create({ buckets: [aisBucket("data"), aisBucket("data2")] });
    expect(names(await proxy.send("GET", "/v1/buckets", { body: actMsg("list", null, "data") }))).toEqual([
      "/data",
    ]);
    expect(names(await proxy.send("GET", "/v1/buckets", { body: actMsg("list", null, "dat") }))).toEqual([]);
  });

  test("a name is of the global namespace unless the query says another", async () => {
    const proxy = await FakeProxy.create({ buckets: [LOCAL_NS] });
    const body = actMsg("list", null, "nnn");
    expect(names(await proxy.send("GET", "/v1/buckets", { body }))).toEqual([]);
    expect(names(await proxy.send("GET", "/v1/buckets?namespace=%23team", { body }))).toEqual(["team/nnn"]);
    expect(textOf(await proxy.send("GET", "/v1/buckets?namespace=%40%40%23", { body }))).toBe("[]\n");
    const elsewhere = await proxy.send("GET", "/v1/buckets/nnn", { body: actMsg("list", null, "other") });
    expect([elsewhere.status, textOf(elsewhere)]).toEqual([400, expect.stringContaining("bad list-buckets")]);
  });

  test.each([
    ["provider=ais", ["/nnn", "team/nnn"]],
    ["provider=aws", []],
    ["namespace=%23team", ["team/nnn"]],
    ["namespace=%40", []],
    ["presence=5", []],
    ["presence=2", ["/nnn", "team/nnn"]],
  ])("%s selects %j", async (query, expected) => {
    const proxy = await FakeProxy.create({ buckets: [aisBucket("nnn"), LOCAL_NS] });
    expect(names(await proxy.send("GET", `/v1/buckets?${query}`))).toEqual(expected);
  });

  test("what it cannot do is refused by name", async () => {
    const proxy = await FakeProxy.create();
    const summary = await proxy.send("GET", "/v1/buckets", { body: actMsg("summary-shard") });
    expect([summary.status, textOf(summary)]).toEqual([501, expect.stringContaining('"summary-shard\\"')]);
    expect((await proxy.send("GET", "/v1/buckets", { body: actMsg("frobnicate") })).status).toBe(400);
    expect((await proxy.send("GET", "/v1/buckets?presence=9")).status).toBe(400);
  });
});

describe("bucket.create", () => {
  test("creates with a fresh id and the given props, 409 the second time", async () => {
    const proxy = await FakeProxy.create({ targets: [], buckets: [] });
    const body = actMsg("create-bck", { checksum: { type: "md5" } });
    expect((await proxy.send("POST", "/v1/buckets/abc", { body })).status).toBe(200);
    const head = await proxy.send("HEAD", "/v1/buckets/abc");
    const props = JSON.parse(headerOf(head, "ais-bucket-props") ?? "");
    expect(props).toMatchObject({ bid: "6", provider: "ais", checksum: { type: "md5" } });
    const again = await proxy.send("POST", "/v1/buckets/abc", { body });
    expect(again.status).toBe(409);
    expect(jsonOf(again)).toMatchObject({
      tcode: "ErrBucketAlreadyExists",
      message: 'bucket "ais://abc" already exists',
    });
  });

  test("a bucket destroyed and created again has another id", async () => {
    const proxy = await FakeProxy.create({ targets: [] });
    await proxy.send("DELETE", "/v1/buckets/nnn", { body: actMsg("destroy-bck") });
    await proxy.send("POST", "/v1/buckets/nnn", { body: actMsg("create-bck") });
    const props = JSON.parse(headerOf(await proxy.send("HEAD", "/v1/buckets/nnn"), "ais-bucket-props") ?? "");
    expect(props.bid).toBe("7");
  });

  test.each([
    ["/v1/buckets/a..b", "create-bck", 400],
    ["/v1/buckets/.sys-x", "create-bck", 400],
    ["/v1/buckets/a%20b", "create-bck", 400],
    ["/v1/buckets/abc/def", "create-bck", 400],
    ["/v1/buckets/abc?provider=aws", "create-bck", 501],
    ["/v1/buckets/abc?namespace=%40remote", "create-bck", 501],
    ["/v1/buckets/nnn", "make-n-copies", 501],
    ["/v1/buckets/nnn", "start", 400],
    ["/v1/buckets/nnn", "", 400],
  ])("POST %s with action %j is %d", async (path, action, status) => {
    const proxy = await FakeProxy.create({ targets: [] });
    const reply = await proxy.send("POST", path, { body: actMsg(action) });
    expect(reply.status).toBe(status);
    expect(proxy.member.snapshot.bmd.version).toBe("5");
  });

  test("unknown properties and policies that lie are refused, and nothing is created", async () => {
    const proxy = await FakeProxy.create({ targets: [] });
    const create = (value: unknown) =>
      proxy.send("POST", "/v1/buckets/abc", { body: actMsg("create-bck", value) });
    expect((await create({ nonsense: 1 })).status).toBe(400);
    expect((await create({ write_policy: { data: "never" } })).status).toBe(400);
    expect((await create({ mirror: { enabled: true } })).status).toBe(501);
    expect((await proxy.send("HEAD", "/v1/buckets/abc")).status).toBe(404);
  });
});

describe("bucket.destroy, bucket.head, bucket.set-props", () => {
  test("a missing bucket is 404 with its name; HEAD says so in a header", async () => {
    const proxy = await FakeProxy.create({ targets: [] });
    const gone = await proxy.send("DELETE", "/v1/buckets/nope", { body: actMsg("destroy-bck") });
    expect([gone.status, jsonOf(gone)]).toEqual([
      404,
      expect.objectContaining({ message: 'bucket "ais://nope" does not exist' }),
    ]);
    const head = await proxy.send("HEAD", "/v1/buckets/nope");
    expect([head.status, head.body]).toEqual([404, null]);
    expect(headerOf(head, "hdr-error")).toContain("ais://nope");
  });

  test("props are changed, and reset with the identity kept", async () => {
    const proxy = await FakeProxy.create({ targets: [] });
    const set = await proxy.send("PATCH", "/v1/buckets/nnn", {
      body: actMsg("set-bprops", { write_policy: { data: "delayed" }, versioning: { enabled: false } }),
    });
    expect(set.status).toBe(200);
    const props = async () =>
      JSON.parse(headerOf(await proxy.send("HEAD", "/v1/buckets/nnn"), "ais-bucket-props") ?? "");
    expect(await props()).toMatchObject({
      write_policy: { data: "delayed" },
      versioning: { enabled: false },
      bid: "1",
    });
    await proxy.send("PATCH", "/v1/buckets/nnn", { body: actMsg("reset-bprops") });
    expect(await props()).toMatchObject({
      write_policy: { data: "immediate" },
      versioning: { enabled: true },
      bid: "1",
    });
  });

  test("other deletions are not taken for a destroy", async () => {
    const proxy = await FakeProxy.create({ targets: [] });
    for (const [action, status] of [
      ["destroy-inventory", 501],
      ["evict-remote-bck", 400],
      // Nothing that says which objects is not all of them.
      ["delete-listrange", 400],
    ] as const) {
      expect((await proxy.send("DELETE", "/v1/buckets/nnn", { body: actMsg(action) })).status).toBe(status);
    }
    expect((await proxy.send("DELETE", "/v1/buckets/nnn")).status).toBe(400);
    expect((await proxy.send("HEAD", "/v1/buckets/nnn")).status).toBe(200);
  });
});
