import { describe, expect, test } from "bun:test";
import { actMsg } from "@ais/wire/act-msg.ts";
import { unpack } from "msgpackr";
import { FakeProxy, headerOf, jsonOf, textOf } from "../fixtures/fake-proxy.ts";
import { FakeTarget } from "../fixtures/fake-target.ts";

interface Listing {
  readonly uuid: string;
  readonly continuation_token: string;
  readonly entries: readonly { readonly name: string; readonly size?: string; readonly flags?: number }[];
}

const NAMES = ["a/1", "a/2", "b", "c/x/1", "d\u{1f600}", "d\uffee", "e"];

async function cluster(stack: AsyncDisposableStack, names: readonly string[] = NAMES) {
  const even = names.filter((_, index) => index % 2 === 0);
  const odd = names.filter((_, index) => index % 2 === 1);
  const targets = [
    stack.use(new FakeTarget("target-one", even)),
    stack.use(new FakeTarget("target-two", odd)),
  ];
  const proxy = await FakeProxy.create({ targets: targets.map((target) => target.node) });
  const list = async (value: object): Promise<Listing> => {
    const reply = await proxy.send("GET", "/v1/buckets/nnn", { body: actMsg("list", value) });
    expect(reply.status).toBe(200);
    return jsonOf(reply) as Listing;
  };
  return { proxy, targets, list };
}

describe("object.list", () => {
  test("pages add up to every name in byte order, under one id", async () => {
    await using stack = new AsyncDisposableStack();
    const { list } = await cluster(stack);
    const names: string[] = [];
    let page = await list({ pagesize: 3 });
    const { uuid } = page;
    expect(uuid).toMatch(/^[A-Za-z0-9]{9}$/);
    for (let count = 1; ; count++) {
      expect(page.uuid).toBe(uuid);
      names.push(...page.entries.map((entry) => entry.name));
      if (page.continuation_token === "") break;
      expect(page.continuation_token).toBe(names.at(-1) ?? "");
      expect(count).toBeLessThan(5);
      page = await list({ uuid, pagesize: 3, continuation_token: page.continuation_token });
    }
    expect(names).toEqual(["a/1", "a/2", "b", "c/x/1", "d\uffee", "d\u{1f600}", "e"]);
  });

  test("prefix, start_after and no-recursion reach the targets; directories come once", async () => {
    await using stack = new AsyncDisposableStack();
    const { list } = await cluster(stack);
    expect((await list({ prefix: "a/" })).entries.map((entry) => entry.name)).toEqual(["a/1", "a/2"]);
    expect((await list({ start_after: "c/x/1" })).entries[0]?.name).toBe("d\uffee");
    const flat = await list({ flags: "2048" });
    expect(flat.entries.map((entry) => [entry.name, entry.flags])).toEqual([
      ["a/", 256],
      ["b", 64],
      ["c/", 256],
      ["d\uffee", 64],
      ["d\u{1f600}", 64],
      ["e", 64],
    ]);
  });

  test("MessagePack has the exact layout, sizes beyond 32 bits as integers", async () => {
    await using stack = new AsyncDisposableStack();
    const { proxy } = await cluster(stack, ["x"]);
    const body = actMsg("list", { uuid: "abcdefghi" });
    const headers = { accept: "application/msgpack" };
    const reply = await proxy.send("GET", "/v1/buckets/nnn", { body, headers });
    expect(headerOf(reply, "content-type")).toBe("application/msgpack");
    const decoded = unpack(reply.body as Uint8Array) as Record<string, unknown>;
    expect(Object.keys(decoded)).toEqual(["UUID", "ContinuationToken", "Entries", "Flags"]);
    expect(decoded).toMatchObject({ UUID: "abcdefghi", ContinuationToken: "", Flags: 0 });
    expect(decoded["Entries"]).toEqual([{ n: "x", s: 2n ** 33n, f: 64 }]);
    // 0xcb starts a float64, which the Python SDK refuses for a size; 0xd3 and 0xcf start 64-bit integers.
    const bytes = Buffer.from(reply.body as Uint8Array);
    const size = bytes[bytes.indexOf(Buffer.from([0xa1, 0x73])) + 2];
    expect([0xd3, 0xcf]).toContain(size ?? 0);
  });

  test("JSON sizes are strings, and a body is not needed", async () => {
    await using stack = new AsyncDisposableStack();
    const { proxy } = await cluster(stack, ["x"]);
    const reply = await proxy.send("GET", "/v1/buckets/nnn");
    expect((jsonOf(reply) as Listing).entries).toEqual([{ name: "x", size: "8589934592", flags: 64 }]);
  });

  test("a target that fails fails the listing, by name", async () => {
    await using stack = new AsyncDisposableStack();
    const { proxy, targets } = await cluster(stack);
    if (targets[1])
      targets[1].failure = () => new Response('{"message":"disk on fire","status":500}', { status: 500 });
    const reply = await proxy.send("GET", "/v1/buckets/nnn");
    expect(reply.status).toBe(503);
    expect(textOf(reply)).toContain("t[target-two]: disk on fire");
  });

  test("a bucket that a target no longer knows is a bucket that does not exist", async () => {
    await using stack = new AsyncDisposableStack();
    const { proxy, targets } = await cluster(stack);
    const body = '{"tcode":"ErrBckNotFound","message":"bucket \\"ais://nnn\\" does not exist","status":404}';
    if (targets[1]) targets[1].failure = () => new Response(body, { status: 404 });
    const reply = await proxy.send("GET", "/v1/buckets/nnn");
    expect([reply.status, (jsonOf(reply) as { message: string }).message]).toEqual([
      404,
      'bucket "ais://nnn" does not exist',
    ]);
  });

  test("the fan-out is one span, and every target continues its trace", async () => {
    await using stack = new AsyncDisposableStack();
    const { proxy, targets, list } = await cluster(stack);
    await list({});
    const [broadcast] = proxy.span.children;
    expect(broadcast?.name).toBe("ais.broadcast object.list");
    expect(broadcast?.attributes).toMatchObject({ "ais.broadcast.nodes": 2, "ais.broadcast.failures": 0 });
    expect(broadcast?.children.map((child) => child.endings)).toEqual([1, 1]);
    for (const target of targets)
      expect(target.seen[0]?.traceparent).toStartWith(`00-${proxy.span.context.traceId}-`);
  });

  test.each([
    [{ flags: "8" }, 501],
    [{ flags: "32768" }, 501],
    [{ flags: "512" }, 400],
    [{ flags: "4096" }, 400],
    [{ prefix: "a/./b" }, 400],
    [{ prefix: "a/../b" }, 400],
    [{ uuid: "x" }, 400],
    [{ pagesize: -1 }, 400],
  ])("%j is refused with %d", async (value, status) => {
    await using stack = new AsyncDisposableStack();
    const { proxy } = await cluster(stack);
    const reply = await proxy.send("GET", "/v1/buckets/nnn", { body: actMsg("list", value) });
    expect(reply.status).toBe(status);
  });

  test("page size 0 and sizes above the limit ask for the largest page", async () => {
    await using stack = new AsyncDisposableStack();
    const { targets, list } = await cluster(stack);
    // Without recursion a target is asked for the page, otherwise for its share of it.
    await list({ pagesize: 0, flags: "2048" });
    await list({ pagesize: 123_456, flags: "2048" });
    const limits = targets[0]?.seen.map((request) => JSON.parse(request.body).limit);
    expect(limits).toEqual([10_000, 10_000]);
  });
});
