import { describe, expect, test } from "bun:test";
import { loadHrw } from "@ais/hrw/hrw.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import { withBucket } from "@ais/wire/bmd.ts";
import { defaultBprops } from "@ais/wire/bprops.ts";
import { placementNodes } from "@ais/wire/smap.ts";
import { FakeProxy, headerOf, jsonOf, THREE_TARGETS, textOf } from "../fixtures/fake-proxy.ts";

function locationOf(reply: Parameters<typeof headerOf>[0]): URL {
  return new URL(headerOf(reply, "location") ?? "");
}

describe("redirect", () => {
  test.each([
    ["GET", 301],
    ["PUT", 307],
    ["HEAD", 307],
    ["DELETE", 307],
  ])(
    "%s answers %d to the target that placement chooses, without asking for the body",
    async (method, status) => {
      const proxy = await FakeProxy.create();
      const reply = await proxy.send(method, "/v1/objects/nnn/dir/README.md", { body: "payload" });
      expect(reply.status).toBe(status);
      expect(headerOf(reply, "cache-control")).toBe("no-store");
      const hrw = await loadHrw();
      const owner = hrw.chooseTarget(placementNodes(proxy.member.snapshot.smap), "ais/@#/nnn/dir/README.md");
      const location = locationOf(reply);
      expect(location.origin).toBe(owner?.snode.public_net.direct_url ?? "none");
      expect(location.pathname).toBe("/v1/objects/nnn/dir/README.md");
      expect(proxy.bodyReads).toBe(0);
      expect(proxy.span.name).toBe(`${method} /v1/objects/{bucket}/{object}`);
      expect(proxy.span.attributes["ais.redirect.node"]).toBe(owner?.id ?? "");
      expect(proxy.span.events).toEqual([
        { name: "ais.hrw", attributes: { "ais.hrw.node": owner?.id ?? "", "ais.hrw.candidates": 3 } },
      ]);
      if (method === "GET") expect(textOf(reply)).toContain("Moved Permanently</a>");
      else expect(reply.body).toBeNull();
    },
  );

  test("the query is the client's, byte for byte, then the stamp and the trace context", async () => {
    const proxy = await FakeProxy.create();
    const query = "provider=ais&x=%2F+a%zz".replace("%zz", "%7e");
    const before = BigInt(Date.now()) * 1_000_000n - 1_000_000_000n;
    const old = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    const reply = await proxy.send("GET", `/v1/objects/nnn/o?${query}&traceparent=${old}&TraceState=x`);
    const raw = (headerOf(reply, "location") ?? "").split("?")[1] ?? "";
    expect(raw.startsWith(`${query}&pid=proxy-one&utm=`)).toBe(true);
    const items = new URLSearchParams(raw);
    const { traceId, spanId } = proxy.span.context;
    expect(traceId).toBe("a".repeat(32));
    expect(items.getAll("traceparent")).toEqual([`00-${traceId}-${spanId}-01`]);
    expect(items.has("TraceState")).toBe(false);
    expect(items.get("bmdv")).toBe("5");
    let utm = 0n;
    for (const digit of items.get("utm") ?? "") utm = utm * 36n + BigInt(Number.parseInt(digit, 36));
    expect(utm).toBeGreaterThan(before);
  });

  test.each([
    ["/v1/objects/nnn/a%20b%3Fc%23d%25e", "/v1/objects/nnn/a%20b%3Fc%23d%25e"],
    ["/v1/objects/nnn/caf%C3%A9+x", "/v1/objects/nnn/caf%C3%A9%2Bx"],
    ["/v1/objects/nnn//a//b", "/v1/objects/nnn/a//b"],
    ["/v1/objects/nnn/back%5Cslash", "/v1/objects/nnn/back%5Cslash"],
    ["/v1/objects/nnn/dir%2Fo", "/v1/objects/nnn/dir/o"],
  ])("%s is encoded anew as %s", async (path, expected) => {
    const proxy = await FakeProxy.create();
    const reply = await proxy.send("GET", path);
    expect((headerOf(reply, "location") ?? "").replace(/^http:\/\/[^/]+/, "").split("?")[0]).toBe(expected);
  });

  test("bytes beyond ASCII in the query cannot break the header", async () => {
    const proxy = await FakeProxy.create();
    const reply = await proxy.send("GET", "/v1/objects/nnn/o?name=café&pct=%25");
    expect(headerOf(reply, "location")).toContain("?name=caf%C3%A9&pct=%25&pid=");
  });

  test.each([
    "/v1/objects/nnn/a/../b",
    "/v1/objects/nnn/%2e%2e/b",
    "/v1/objects/nnn/dir/",
    "/v1/objects/nnn/~/x",
  ])("%s is refused with 400", async (path) => {
    const proxy = await FakeProxy.create();
    expect((await proxy.send("PUT", path)).status).toBe(400);
  });

  test("a bucket that another proxy created a moment ago is found by one refresh", async () => {
    const proxy = await FakeProxy.create({ buckets: [] });
    const { snapshot } = proxy.member;
    const props = defaultBprops(snapshot.config, { bid: 6n, createdNs: 1n });
    const bmd = { ...withBucket(snapshot.bmd, aisBucket("nnn"), props), version: "6" };
    proxy.member.coordinated = { ...snapshot, bmd };
    const reply = await proxy.send("GET", "/v1/objects/nnn/o");
    expect(reply.status).toBe(301);
    expect(locationOf(reply).searchParams.get("bmdv")).toBe("6");
    expect(proxy.member.refreshes).toEqual(["bmd"]);
  });

  test("an unknown bucket is refreshed once, then 404 with the text that clients parse", async () => {
    const proxy = await FakeProxy.create({ buckets: [] });
    const reply = await proxy.send("GET", "/v1/objects/nope/o");
    expect(reply.status).toBe(404);
    expect(jsonOf(reply)).toMatchObject({
      tcode: "ErrBckNotFound",
      message: 'bucket "ais://nope" does not exist',
      status: 404,
    });
    expect(proxy.member.refreshes).toEqual(["bmd"]);
  });

  test("without active targets the answer is 503 and says so", async () => {
    const [one] = THREE_TARGETS;
    if (one === undefined) throw new Error("no targets");
    const proxy = await FakeProxy.create({ targets: [{ ...one, flags: 4 }] });
    const reply = await proxy.send("PUT", "/v1/objects/nnn/o");
    expect(reply.status).toBe(503);
    expect(textOf(reply)).toContain("the cluster has no active targets");
  });
});
