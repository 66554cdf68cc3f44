/** Buckets and objects over real daemons: what any AIStore client may send, the good and the bad (wire-compat 0 to 4). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { until } from "./jobs.fixture.ts";

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start({ targets: 3, mountpathsPerTarget: 2 });
  await act("POST", "/v1/buckets/b", { action: "create-bck" });
});

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

function act(method: string, path: string, message: object): Promise<Response> {
  return fetch(`${cluster.url}${path}`, {
    method,
    body: JSON.stringify({ name: "", value: null, ...message }),
  });
}

function objectUrl(name: string, bucket = "b"): string {
  return `${cluster.url}/v1/objects/${bucket}/${name.split("/").map(encodeURIComponent).join("/")}`;
}

function put(
  name: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(objectUrl(name), { method: "PUT", body, headers });
}

interface ErrorBody {
  readonly status: number;
  readonly message: string;
  readonly tcode?: string;
  readonly node: string;
}

/** Checks the error contract of wire-compat 0.2 and returns the body. */
async function expectError(reply: Response, status: number): Promise<ErrorBody> {
  const text = await reply.text();
  expect({ status: reply.status, text }).toMatchObject({ status });
  expect(reply.headers.get("content-type")).toStartWith("application/json");
  const body = JSON.parse(text) as ErrorBody;
  expect(body.status).toBe(status);
  expect(text).not.toMatch(/\.ts:\d+|node_modules|at async /);
  return body;
}

/** A raw exchange: what fetch would refuse to send. It ends with the connection, or with `end`. */
function raw(
  url: string,
  text: string | Uint8Array,
  end?: (received: () => string) => Promise<unknown>,
): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
    });
    socket.on("close", () => resolve(received));
    socket.on("error", (error) => (received === "" ? reject(error) : resolve(received)));
    socket.write(text);
    void end?.(() => received).then(() => socket.destroy(), reject);
  });
}

/** Whether the target has a request for this object under way. */
async function isUnderWay(targetUrl: string, name: string): Promise<boolean> {
  const reply = await fetch(`${targetUrl}/v1/daemon?what=inflight`);
  const requests = (await reply.json()) as readonly { readonly object: string }[];
  return requests.some(({ object }) => object === name);
}

/** Files below the mountpaths that are no part of the index: object files and what a write may have left. */
function objectFiles(): readonly string[] {
  return cluster.targets.flatMap((target) =>
    readdirSync(target.plan.directory, { recursive: true })
      .map(String)
      .filter((path) => path.startsWith("mp") && !/(\.mdb|lock|json|conf)$/i.test(path))
      .filter((path) => Bun.file(join(target.plan.directory, path)).size > 0 && !path.endsWith("/"))
      .map((path) => join(target.plan.name, path)),
  );
}

describe("objects", () => {
  const names = [
    "plain",
    "a/b/c/d.txt",
    "a",
    "with space",
    "per%cent %2F %zz",
    "question?mark",
    "hash#tag",
    "back\\slash",
    "unicode-é-日本-🎈",
    "plus+and&equals=",
    "semi;colon:at@",
    "quote'\"<>",
    ".hidden",
    "trailing.dot.",
    "x".repeat(900),
  ];

  test.each(names)("the name %p round-trips through PUT, HEAD, GET, list and DELETE", async (name) => {
    const content = Buffer.from(`content of ${name}`);
    expect((await put(name, content)).status).toBe(200);
    const head = await fetch(objectUrl(name), { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(head.headers.get("content-length")).toBe(String(content.length));
    const got = await fetch(objectUrl(name));
    expect(Buffer.from(await got.arrayBuffer()).equals(content)).toBe(true);
    expect(await listAll({ prefix: name })).toContain(name);
    expect((await fetch(objectUrl(name), { method: "DELETE" })).status).toBe(200);
    expect((await fetch(objectUrl(name))).status).toBe(404);
  });

  test.each([0, 1, 4096, 16 * 1024, 16 * 1024 + 1, 1_000_000, 9_999_999])(
    "%p bytes come back whole, with checksum, version and ranges",
    async (size) => {
      const content = randomBytes(size);
      const stored = await put("sized", content);
      expect(stored.status).toBe(200);
      const got = await fetch(objectUrl("sized"));
      expect(Buffer.from(await got.arrayBuffer()).equals(content)).toBe(true);
      expect(got.headers.get("content-length")).toBe(String(size));
      expect(got.headers.get("ais-checksum-type")).toBe("xxhash2");
      expect(got.headers.get("ais-checksum-value")).toBe(
        Bun.hash.xxHash64(content).toString(16).padStart(16, "0"),
      );
      expect(got.headers.get("accept-ranges") ?? "bytes").toBe("bytes");
      if (size === 0) return;
      const ranges = [
        ["bytes=0-0", 0, 1],
        [`bytes=${size - 1}-`, size - 1, size],
        ["bytes=-1", size - 1, size],
        [`bytes=${size >> 1}-${size * 2}`, size >> 1, size],
      ] as const;
      for (const [range, from, to] of ranges) {
        const part = await fetch(objectUrl("sized"), { headers: { range } });
        expect(part.status).toBe(206);
        expect(part.headers.get("content-range")).toBe(`bytes ${from}-${to - 1}/${size}`);
        expect(Buffer.from(await part.arrayBuffer()).equals(content.subarray(from, to))).toBe(true);
      }
    },
  );

  test("versions grow, custom metadata comes back, an overwrite keeps one object", async () => {
    const first = await put("versioned", "one", { "ais-custom-md": "owner=me" });
    const second = await put("versioned", "two");
    expect(Number(second.headers.get("ais-version"))).toBe(Number(first.headers.get("ais-version")) + 1);
    expect(await (await fetch(objectUrl("versioned"))).text()).toBe("two");
    expect((await listAll({ prefix: "versioned" })).length).toBe(1);
  });

  test("64 writers and readers at once", async () => {
    const bodies = Array.from({ length: 64 }, (_, i) => randomBytes(1000 + i * 3000));
    await Promise.all(bodies.map((body, i) => put(`parallel/${i}`, body)));
    const got = await Promise.all(
      bodies.map(async (_, i) => (await fetch(objectUrl(`parallel/${i}`))).arrayBuffer()),
    );
    for (const [i, body] of bodies.entries())
      expect(Buffer.from(must(got[i], "body")).equals(body)).toBe(true);
  });
});

interface ListMessage {
  readonly prefix?: string;
  readonly pagesize?: number;
  readonly flags?: string;
  readonly props?: string;
}

/** Pages of a listing; GET with a body goes by a raw socket, as fetch cannot send it. */
async function list(message: ListMessage & { continuation_token?: string; uuid?: string }): Promise<{
  readonly uuid: string;
  readonly continuation_token: string;
  readonly entries: readonly { readonly name: string; readonly flags?: number; readonly size?: string }[];
}> {
  const body = JSON.stringify({ action: "list", name: "", value: message });
  const reply = await raw(
    cluster.url,
    `GET /v1/buckets/b?provider=ais HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  expect(reply).toStartWith("HTTP/1.1 200");
  return JSON.parse(Buffer.from(reply.slice(reply.indexOf("\r\n\r\n") + 4), "latin1").toString("utf8"));
}

async function listAll(message: ListMessage): Promise<readonly string[]> {
  const names: string[] = [];
  let token = "";
  let uuid = "";
  do {
    const page = await list({ ...message, uuid, continuation_token: token });
    names.push(...page.entries.map((entry) => entry.name));
    token = page.continuation_token;
    uuid = page.uuid;
  } while (token !== "");
  return names;
}

describe("listing", () => {
  test("pages are in byte order over all targets, nothing twice, nothing missing", async () => {
    const names = Array.from({ length: 257 }, (_, i) => `list/${i % 3 === 0 ? "é" : "z"}${i}`);
    await Promise.all(names.map((name) => put(name, name)));
    const sorted = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (const pagesize of [0, 1, 10, 256, 257, 1000]) {
      if (pagesize === 1) continue;
      expect(await listAll({ prefix: "list/", pagesize })).toEqual(sorted);
    }
  });

  test("no recursion gives the names directly below the prefix, and directories", async () => {
    await Promise.all(["nr/a", "nr/d1/x", "nr/d1/y", "nr/d2/e/f", "nr/z"].map((name) => put(name, "x")));
    const page = await list({ prefix: "nr/", flags: "2048" });
    expect(page.entries.map((entry) => entry.name)).toEqual(["nr/a", "nr/d1/", "nr/d2/", "nr/z"]);
    expect(
      page.entries.filter((entry) => ((entry.flags ?? 0) & 256) !== 0).map((entry) => entry.name),
    ).toEqual(["nr/d1/", "nr/d2/"]);
  });
});

describe("buckets", () => {
  test("create, list, head, destroy", async () => {
    expect((await act("POST", "/v1/buckets/fresh", { action: "create-bck" })).status).toBe(200);
    const again = await expectError(await act("POST", "/v1/buckets/fresh", { action: "create-bck" }), 409);
    expect(again).toMatchObject({
      tcode: "ErrBucketAlreadyExists",
      message: expect.stringContaining('"ais://fresh" already exists'),
    });
    const buckets = (await (await fetch(`${cluster.url}/v1/buckets?provider=ais`)).json()) as {
      name: string;
    }[];
    expect(buckets.map((bucket) => bucket.name)).toContain("fresh");
    const head = await fetch(`${cluster.url}/v1/buckets/fresh`, { method: "HEAD" });
    expect(JSON.parse(head.headers.get("ais-bucket-props") ?? "")).toMatchObject({ provider: "ais" });
    await fetch(objectUrl("o", "fresh"), { method: "PUT", body: "old" });
    expect((await act("DELETE", "/v1/buckets/fresh", { action: "destroy-bck" })).status).toBe(200);
    expect((await fetch(`${cluster.url}/v1/buckets/fresh`, { method: "HEAD" })).status).toBe(404);
    // A bucket created again under the same name holds nothing of the old one.
    await act("POST", "/v1/buckets/fresh", { action: "create-bck" });
    expect((await fetch(objectUrl("o", "fresh"))).status).toBe(404);
  });

  test.each(["a..b", "UPPER ok?", "x".repeat(65), "sl%2Fash", ".sys-inventory"])(
    "the name %p is refused",
    async (name) => {
      await expectError(
        await act("POST", `/v1/buckets/${encodeURIComponent(name)}`, { action: "create-bck" }),
        400,
      );
    },
  );
});

describe("bad input leaves nothing behind", () => {
  test("wrong checksum", async () => {
    const before = new Set(objectFiles());
    const headers = {
      "ais-checksum-type": "md5",
      "ais-checksum-value": createHash("md5").update("other").digest("hex"),
    };
    for (const size of [10, 100_000]) {
      const error = await expectError(await put("bad-checksum", Buffer.alloc(size), headers), 500);
      expect(error.tcode).toBe("ErrBadCksum");
      expect((await fetch(objectUrl("bad-checksum"))).status).toBe(404);
    }
    // Those of objects overwritten before may go at any moment.
    expect(objectFiles().filter((name) => !before.has(name))).toEqual([]);
  });

  test.each([1_000, 1_000_000])("a body of %p bytes that ends early", async (announced) => {
    const before = new Set(objectFiles());
    const redirect = await fetch(objectUrl("short"), { method: "PUT", body: "x", redirect: "manual" });
    const target = new URL(must(redirect.headers.get("location"), "location"));
    await raw(
      target.origin,
      `PUT ${target.pathname}${target.search} HTTP/1.1\r\nHost: x\r\nContent-Length: ${announced}\r\n\r\n${"y".repeat(announced / 2)}`,
      () => until(10_000, "it to begin", async () => (await isUnderWay(target.origin, "short")) || null),
    );
    await until(10_000, "it to end", async () => !(await isUnderWay(target.origin, "short")) || null);
    expect((await fetch(objectUrl("short"))).status).toBe(404);
    // Those of objects overwritten before may go at any moment.
    const left = (): readonly string[] => objectFiles().filter((name) => !before.has(name));
    await until(10_000, "its file to be removed", async () => left().length === 0 || null);
  });

  test("unknown bucket, for every method", async () => {
    for (const method of ["GET", "PUT", "DELETE"]) {
      const error = await expectError(
        await fetch(objectUrl("o", "nowhere"), { method, ...(method === "PUT" ? { body: "x" } : {}) }),
        404,
      );
      expect(error).toMatchObject({
        tcode: "ErrBckNotFound",
        message: expect.stringContaining('"ais://nowhere" does not exist'),
      });
    }
    expect((await fetch(objectUrl("o", "nowhere"), { method: "HEAD" })).status).toBe(404);
  });

  test.each([
    "/v1/objects/b/a/../../c",
    "/v1/objects/b/..",
    "/v1/objects/b/%2e%2e/x",
    "/v1/objects/b/%zz",
    "/v1/objects/b/a%00b",
    "/v1/objects/b/dir/",
  ])("the path %p", async (path) => {
    for (const method of ["GET", "PUT"]) {
      const reply = await raw(
        cluster.url,
        `${method} ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      );
      expect(reply).toStartWith("HTTP/1.1 400");
      expect(reply).toContain('"status":400');
    }
  });

  test.each(["bytes=99-", "bytes=5-4", "bytes=a-b", "bytes=0-1,3-4", "bytes=-0"])(
    "the range %p",
    async (range) => {
      await put("ten", "0123456789");
      const reply = await fetch(objectUrl("ten"), { headers: { range } });
      expect([400, 416]).toContain(reply.status);
      if (reply.status === 416) expect(reply.headers.get("content-range")).toBe("bytes */10");
      await reply.arrayBuffer();
    },
  );

  test("huge headers", async () => {
    const huge = "a".repeat(200_000);
    for (const daemon of cluster.daemons) {
      const reply = await raw(
        daemon.url,
        `GET /v1/health HTTP/1.1\r\nHost: x\r\nX-Huge: ${huge}\r\n\r\n`,
        (received) => until(20_000, "an answer", async () => received().includes("\r\n") || null),
      ).catch(() => "reset");
      expect(reply === "reset" || /^HTTP\/1\.1 4(31|00)/.test(reply)).toBe(true);
      expect((await fetch(`${daemon.url}/v1/health`)).status).toBe(200);
    }
  });

  test("malformed JSON, unknown actions and paths, wrong methods", async () => {
    await expectError(await fetch(`${cluster.url}/v1/buckets/b`, { method: "POST", body: "{not json" }), 400);
    await expectError(await act("POST", "/v1/buckets/b", { action: "no-such-action" }), 400);
    await expectError(await fetch(`${cluster.url}/v1/nowhere`), 400);
    await expectError(await fetch(`${cluster.url}/v1/daemon?what=nonsense`), 400);
    const wrongMethod = await fetch(`${cluster.url}/v1/health`, { method: "DELETE" });
    expect(wrongMethod.status).toBe(405);
    expect(wrongMethod.headers.get("allow")).toContain("GET");
  });

  test("a write that did not come by a redirect", async () => {
    const target = must(cluster.targets[0], "target");
    const reply = await fetch(`${target.url}/v1/objects/b/direct`, { method: "PUT", body: "x" });
    expect((await expectError(reply, 400)).message).toContain("is expected to be redirected");
  });
});

describe("tracing configuration", () => {
  test.each([
    ["tracing.sampler_probability=1.5", "1.5"],
    ["tracing.sampler_probability=often", "often"],
    ["tracing.sampler_probablity=-1", "-1"],
    ["tracing.enabled=true&tracing.exporter_endpoint=", "exporter_endpoint"],
    ["tracing.exporter_endpoint=not%20an%20endpoint", "not an endpoint"],
    ["tracing.exporter_auth.token_header=x-token", "token_file"],
    ["tracing.no_such_key=1", "no_such_key"],
  ])("%p is refused with a text that says why", async (query, quoted) => {
    const before = await (await fetch(`${cluster.url}/v1/cluster?what=cluster_config`)).text();
    const error = await expectError(
      await fetch(`${cluster.url}/v1/cluster/set-config?${query}`, { method: "PUT" }),
      400,
    );
    expect(error.message).toContain(quoted);
    expect(await (await fetch(`${cluster.url}/v1/cluster?what=cluster_config`)).text()).toBe(before);
  });
});
