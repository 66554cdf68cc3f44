import { afterEach, beforeEach, expect, test } from "bun:test";
import { aisBucket } from "@ais/wire/bck.ts";
import { AisClient, type AisClientOptions } from "./ais-client.ts";
import { AisApiError } from "./api-error.ts";
import { NodeTransport } from "./node-transport.ts";
import { FakeCluster } from "./testing/fake-cluster.fixture.ts";
import { ConnectionError, readAll } from "./transport.ts";

const bucket = aisBucket("nnn");
let cluster: FakeCluster;
let clients: AisClient[] = [];

beforeEach(async () => {
  cluster = await FakeCluster.start();
  cluster.buckets.set("nnn", new Map());
});

afterEach(async () => {
  for (const client of clients) client.close();
  clients = [];
  await cluster[Symbol.asyncDispose]();
});

function connect(options: Partial<AisClientOptions> = {}): AisClient {
  const client = new AisClient({ endpoint: cluster.endpoint, transport: new NodeTransport(), ...options });
  clients.push(client);
  return client;
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  );
}

test("a stream is sent once, to the target, after an empty request to the proxy", async () => {
  const bytes = new Uint8Array(3_000_000).fill(7);
  const stream = new Blob([bytes]).stream();
  const attributes = await connect().objects.put(bucket, "dir/a b%c", { stream, lengthBytes: bytes.length });
  expect(attributes.version).toBe("1");
  expect(cluster.buckets.get("nnn")?.get("dir/a b%c")?.length).toBe(bytes.length);
  expect(cluster.requests.map(({ node, bodyBytes }) => [node, bodyBytes])).toEqual([
    ["proxy", 0],
    ["target", bytes.length],
  ]);
  expect(cluster.requests.map(({ headers }) => headers["content-length"])).toEqual([
    "0",
    String(bytes.length),
  ]);
});

test("a stream of unknown length is sent chunked", async () => {
  const stream = new Blob(["hello"]).stream();
  await connect().objects.put(bucket, "x", { stream, lengthBytes: null });
  expect(cluster.requests.at(-1)?.headers["transfer-encoding"]).toBe("chunked");
  expect(new TextDecoder().decode(cluster.buckets.get("nnn")?.get("x"))).toBe("hello");
});

test("bytes and blobs arrive, empty ones too", async () => {
  const client = connect();
  await client.objects.put(bucket, "bytes", new Uint8Array([1, 2, 3]));
  await client.objects.put(bucket, "blob", new Blob(["abc"]));
  await client.objects.put(bucket, "empty", new Uint8Array());
  const sizes = [...(cluster.buckets.get("nnn") ?? [])].map(([name, value]) => [name, value.length]);
  expect(sizes).toEqual([
    ["bytes", 3],
    ["blob", 3],
    ["empty", 0],
  ]);
});

test("a range comes with the size of the whole object", async () => {
  cluster.buckets.get("nnn")?.set("x", new TextEncoder().encode("0123456789"));
  const content = await connect().objects.get(bucket, "x", { range: { offsetBytes: 3, lengthBytes: 4 } });
  expect(new TextDecoder().decode(await readAll(content.body))).toBe("3456");
  expect(content.lengthBytes).toBe(4);
  expect(content.attributes.sizeBytes).toBe(10);
});

test("custom metadata keeps commas of its own", async () => {
  cluster.buckets.get("nnn")?.set("x", new Uint8Array(5));
  const attributes = await connect().objects.head(bucket, "x");
  expect(attributes.custom).toEqual({ a: "1", b: "x, y" });
  expect(attributes.sizeBytes).toBe(5);
});

test("a listing asks for pages until the limit", async () => {
  for (let index = 0; index < 25; index++)
    cluster.buckets.get("nnn")?.set(`n${index + 10}`, new Uint8Array(index));
  const client = connect();
  const names: string[] = [];
  for await (const entry of client.objects.list(bucket, { pageSize: 10 })) names.push(entry.name);
  expect(names.length).toBe(25);
  expect(names).toEqual([...names].sort());
  expect(cluster.requests.length).toBe(3);
  const some = await Array.fromAsync(client.objects.list(bucket, { pageSize: 10, limit: 12 }));
  expect(some.length).toBe(12);
});

test("errors carry status, type and text, from the body and for HEAD from the header", async () => {
  const client = connect();
  for (const work of [client.objects.get(bucket, "no"), client.objects.head(bucket, "no")]) {
    const error = await failure(work);
    expect(error).toBeInstanceOf(AisApiError);
    expect(error).toMatchObject({ status: 404, tcode: "ErrNotFound", node: "t[t1]" });
    expect(String(error)).toContain('"ais://nnn/no" does not exist');
  }
  expect(await failure(client.buckets.create(bucket))).toMatchObject({
    status: 409,
    tcode: "ErrBucketAlreadyExists",
  });
});

test("a cluster that starts is waited for, and the note is written once", async () => {
  let notes = 0;
  const startUpWait = { retriesMax: 8, delayMs: 1, onWait: () => void notes++ };
  cluster.startingUpRequests = 3;
  expect(await connect({ startUpWait }).buckets.exists(bucket)).toBe(true);
  expect(notes).toBe(1);
  cluster.startingUpRequests = 100;
  expect(await failure(connect({ startUpWait }).buckets.props(bucket))).toMatchObject({ status: 503 });
  expect(cluster.startingUpRequests).toBe(100 - 9);
});

test("an endpoint that nobody serves is a ConnectionError with its code", async () => {
  const error = await failure(connect({ endpoint: "http://127.0.0.1:1" }).cluster.smap());
  expect(error).toBeInstanceOf(ConnectionError);
  expect(error).toMatchObject({ code: "ECONNREFUSED" });
});

test("every hop is observed and carries the headers of its own span", async () => {
  const events: string[] = [];
  let count = 0;
  const observer = {
    start(method: string) {
      const span = `${method}${++count}`;
      return {
        headers: { traceparent: `00-${"a".repeat(32)}-000000000000000${count}-01` },
        responded: (response: { readonly status: number }) => void events.push(`${span} ${response.status}`),
        ended: (error: unknown) => void events.push(`${span} ${error === null ? "end" : "error"}`),
      };
    },
  };
  cluster.buckets.get("nnn")?.set("x", new Uint8Array(5));
  const content = await connect({ observer }).objects.get(bucket, "x");
  expect(events).toEqual(["GET1 301", "GET1 end", "GET2 200"]);
  await readAll(content.body);
  expect(events.at(-1)).toBe("GET2 end");
  expect(cluster.requests.map(({ headers }) => headers.traceparent?.at(-4))).toEqual(["1", "2"]);
});

test("the Smap keeps digests beyond 2^53 exact", async () => {
  const smap = await connect().cluster.smap();
  expect(smap.tmap.t1?.id_digest).toBe(17_000_000_000_000_000_001n);
});

test("over fetch, calls without a body with GET work and listing objects says why it cannot", async () => {
  const client = new AisClient({ endpoint: cluster.endpoint });
  await client.objects.put(bucket, "x", new TextEncoder().encode("hello"));
  const content = await client.objects.get(bucket, "x");
  expect(new TextDecoder().decode(await readAll(content.body))).toBe("hello");
  expect((await client.buckets.list()).map(({ name }) => name)).toEqual(["nnn"]);
  expect(String(await failure(client.objects.listPage(bucket)))).toContain("NodeTransport");
});

test("an upload that fails at its source rejects and leaves no request hanging", async () => {
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.error(new Error("disk on fire"));
    },
  });
  const error = await failure(connect().objects.put(bucket, "x", { stream, lengthBytes: 10 }));
  expect(String(error)).toBe("Error: disk on fire");
  expect(cluster.buckets.get("nnn")?.has("x")).toBe(false);
});
