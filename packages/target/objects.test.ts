/** Object calls over HTTP, with the real server and the real store. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { exchange, rawConnection } from "@ais/node/testing/raw-client.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import { withoutBucket } from "@ais/wire/bmd.ts";
import { REDIRECTED, startTargetFixture, type TargetFixture } from "./testing/target-fixture.ts";

let fixture: TargetFixture;
beforeAll(async () => {
  fixture = await startTargetFixture();
});
afterAll(() => fixture[Symbol.asyncDispose]());

const INLINE_BYTES = 1000;
const FILE_BYTES = 300_000;

function content(sizeBytes: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: sizeBytes }, (_, at) => (at * 31 + (at >> 8)) & 0xff);
}

async function put(
  name: string,
  body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  headers: Record<string, string> = {},
  query = "",
): Promise<Response> {
  return fetch(fixture.url(name, query), { method: "PUT", body, headers });
}

async function get(name: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(fixture.url(name), { headers });
}

async function message(reply: Response): Promise<string> {
  return ((await reply.json()) as { message: string }).message;
}

describe("round trip", () => {
  test("keeps names of every kind apart and whole", async () => {
    const names = [
      "a b",
      "100%",
      "what?",
      "c#",
      "back\\slash",
      "日本/語",
      "a",
      "a/b",
      "a+b",
      "a&b=c",
      "é",
      "'\"<>",
    ];
    for (const name of names)
      expect([name, (await put(name, `content of ${name}`)).status]).toEqual([name, 200]);
    for (const name of names) {
      const reply = await get(name);
      expect([name, reply.status, await reply.text()]).toEqual([name, 200, `content of ${name}`]);
      const head = await fetch(fixture.url(name), { method: "HEAD" });
      expect([name, head.status, head.headers.get("ais-present")]).toEqual([name, 200, "true"]);
    }
    for (const name of names) {
      expect((await fetch(fixture.url(name), { method: "DELETE" })).status).toBe(200);
      expect((await get(name)).status).toBe(404);
    }
  });

  test.each([
    ["empty", 0],
    ["inline", INLINE_BYTES],
    ["file", FILE_BYTES],
  ])("gives back the bytes and describes them: %s", async (name, sizeBytes) => {
    const bytes = content(sizeBytes);
    const stored = await put(name, bytes, { "Ais-Atime": "1700000000000000001" });
    expect([stored.status, await stored.text()]).toEqual([200, ""]);
    const reply = await get(name);
    expect(reply.status).toBe(200);
    expect(Buffer.compare(Buffer.from(await reply.arrayBuffer()), bytes)).toBe(0);
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      "content-length": String(sizeBytes),
      "content-type": "application/octet-stream",
      "accept-ranges": "bytes",
      "ais-checksum-type": "xxhash2",
      "ais-checksum-value": stored.headers.get("ais-checksum-value") ?? "missing",
      "ais-atime": "1700000000000000001",
      "ais-version": "1",
    });
    expect(reply.headers.get("ais-checksum-value")).toMatch(/^[0-9a-f]{16}$/);
  });

  test("takes chunked bodies and counts versions", async () => {
    await put("versioned", "one");
    const second = await put("versioned", new Blob([content(FILE_BYTES)]).stream());
    expect(second.headers.get("ais-version")).toBe("2");
    expect((await (await get("versioned")).arrayBuffer()).byteLength).toBe(FILE_BYTES);
  });

  test("serves 64 clients at once", async () => {
    await Promise.all(
      Array.from({ length: 64 }, async (_, at) => {
        const bytes = content(at % 2 === 0 ? INLINE_BYTES + at : 20_000 + at);
        expect((await put(`many/${at}`, bytes)).status).toBe(200);
        expect(Buffer.compare(Buffer.from(await (await get(`many/${at}`)).arrayBuffer()), bytes)).toBe(0);
      }),
    );
  });
});

describe("ranges", () => {
  test.each(["inline", "file"])("of an object that is %s", async (kind) => {
    const bytes = content(kind === "inline" ? INLINE_BYTES : FILE_BYTES);
    const size = bytes.length;
    await put(kind, bytes);
    const whole = (await get(kind)).headers.get("ais-checksum-value");
    const cases: [string, number, number][] = [
      ["bytes=0-0", 0, 1],
      ["bytes=10-19", 10, 20],
      ["bytes=990-", 990, size],
      [`bytes=5-${size + 100}`, 5, size],
      ["bytes=-7", size - 7, size],
      [`bytes=-${size * 2}`, 0, size],
    ];
    for (const [range, start, end] of cases) {
      const reply = await get(kind, { Range: range });
      expect([range, reply.status]).toEqual([range, 206]);
      expect(reply.headers.get("content-range")).toBe(`bytes ${start}-${end - 1}/${size}`);
      expect(reply.headers.get("ais-checksum-value")).toBe(whole);
      expect(Buffer.compare(Buffer.from(await reply.arrayBuffer()), bytes.subarray(start, end))).toBe(0);
    }
    for (const range of [`bytes=${size}-`, "bytes=9-3", "bytes=0-1,4-5", "bytes=-0"]) {
      const reply = await get(kind, { Range: range });
      expect([range, reply.status, reply.headers.get("content-range")]).toEqual([
        range,
        416,
        `bytes */${size}`,
      ]);
      await reply.text();
    }
  });
});

describe("PUT", () => {
  test("checks what the client says of its body and leaves nothing behind", async () => {
    for (const bytes of [content(100), content(FILE_BYTES)]) {
      const headers = { "Ais-Checksum-Type": "md5", "Ais-Checksum-Value": "0".repeat(32) };
      const reply = await put("wrong", bytes, headers);
      expect(reply.status).toBe(500);
      expect(await reply.json()).toMatchObject({ tcode: "ErrBadCksum", status: 500, node: "t[targetone]" });
      expect((await get("wrong")).status).toBe(404);
    }
    const sum = new Bun.CryptoHasher("sha256").update("abc").digest("hex");
    const good = { "Ais-Checksum-Type": "sha256", "Ais-Checksum-Value": sum };
    expect((await put("right", "abc", good)).status).toBe(200);
    expect((await put("bad", "abc", { ...good, "Ais-Checksum-Type": "sha3" })).status).toBe(400);
  });

  test("changes nothing when the client announces what is stored", async () => {
    const first = await put("same", "content");
    const headers = {
      "Ais-Checksum-Type": first.headers.get("ais-checksum-type") ?? "",
      "Ais-Checksum-Value": first.headers.get("ais-checksum-value") ?? "",
    };
    expect((await put("same", "content", headers)).headers.get("ais-version")).toBe("1");
    expect((await put("same", "another")).headers.get("ais-version")).toBe("2");
  });

  test.each(["inline", "file"])("drops a body that breaks off: %s", async (kind) => {
    const announced = kind === "inline" ? 5000 : 5_000_000;
    const connection = await rawConnection(fixture.port);
    const spans = fixture.services.tracing.roots.length;
    connection.write(
      `PUT /v1/objects/nnn/short-${kind}?${REDIRECTED} HTTP/1.1\r\nHost: h\r\nContent-Length: ${announced}\r\n\r\n`,
    );
    connection.write("x".repeat(2000));
    while (fixture.services.tracing.roots.length === spans) await Bun.sleep(1);
    const span = fixture.span();
    connection.destroy();
    await span.ended();
    expect([span.failure, span.endings]).toEqual(["client_closed", 1]);
    expect((await get(`short-${kind}`)).status).toBe(404);
  });

  test("keeps custom metadata that came in several lines", async () => {
    const head = `PUT /v1/objects/nnn/custom?${REDIRECTED} HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n`;
    const reply = await exchange(
      fixture.port,
      `${head}Ais-Custom-Md: color=red, blue\r\nAis-Custom-Md: size=9\r\n`,
      "x",
    );
    expect(reply.status).toBe(200);
    const attributes = await fetch(fixture.url("custom"), { method: "HEAD" });
    expect(attributes.headers.get("ais-custom-md")).toBe("color=red, blue, size=9");
    const utf8 = Buffer.from("name=日本").toString("latin1");
    expect((await exchange(fixture.port, `${head}Ais-Custom-Md: ${utf8}\r\n`, "x")).head).toContain(utf8);
    const { objects } = await fixture.target.store.list(
      1n,
      { prefix: "custom", after: "", limit: 1, delimiter: "" },
      NOOP_SPAN,
    );
    expect(objects[0]?.attributes.custom).toEqual({ color: "red, blue", size: "9", name: "日本" });
    expect((await put("custom2", "x", { "Ais-Custom-Md": "novalue" })).status).toBe(400);
    expect((await put("custom2", "x", { "Ais-Custom-Md": `k=${"v".repeat(3000)}` })).status).toBe(400);
  });

  test("takes items without a value, and those of other calls, for nothing", async () => {
    for (const query of ["archpath=", "etl_name=", "object_to=", "append_type=", "uploadId=", "partNumber=1"])
      expect([query, (await put("plain", query, {}, query)).status]).toEqual([query, 200]);
    for (const query of ["uploadId=x", "object_to=x", "append_type=append", "archpath=", "archmode="])
      expect([query, (await fetch(fixture.url("plain", query))).status]).toEqual([query, 200]);
    for (const query of ["archpath=a", "archregx=a", "archmode=prefix", "etl_name=e"])
      expect([query, (await fetch(fixture.url("plain", query))).status]).toEqual([query, 501]);
  });

  test("never takes a variant for a plain PUT", async () => {
    for (const query of ["archpath=a", "etl_name=e", "etl_name=e&object_to=ais/@%23/nnn/x"]) {
      const reply = await put("variant", "content", {}, query);
      expect([query, reply.status]).toEqual([query, 501]);
      expect(await message(reply)).toContain("is not supported");
    }
    expect((await put("variant", "content", { "Ais-Pine": "1" })).status).toBe(501);
    expect((await get("variant")).status).toBe(404);
  });

  test("and DELETE are only for those whom a proxy sent", async () => {
    const plain = fixture.url("direct").replace(REDIRECTED, "");
    for (const method of ["PUT", "DELETE"]) {
      const reply = await fetch(plain, { method, ...(method === "PUT" ? { body: "x" } : {}) });
      expect([method, reply.status]).toEqual([method, 400]);
      expect(await message(reply)).toContain("is expected to be redirected");
    }
    await put("direct", "content");
    expect(await (await fetch(plain)).text()).toBe("content");
    expect((await fetch(plain, { method: "HEAD" })).status).toBe(200);
  });
});

describe("errors", () => {
  test("name the object and the bucket", async () => {
    expect(await message(await get("missing"))).toBe('object "ais://nnn/missing" does not exist');
    const missing = await fetch(fixture.url("missing"), { method: "DELETE" });
    expect([missing.status, await message(missing)]).toEqual([
      404,
      'object "ais://nnn/missing" doesn\'t exist',
    ]);
    const bucket = await fetch(fixture.url("o").replace("/nnn/", "/nope/"));
    expect(await bucket.json()).toMatchObject({
      tcode: "ErrBckNotFound",
      message: 'bucket "ais://nope" does not exist',
      status: 404,
    });
    const head = await fetch(fixture.url("missing"), { method: "HEAD" });
    expect(JSON.parse(head.headers.get("hdr-error") ?? "{}")).toMatchObject({ status: 404 });
  });
});

describe("HEAD", () => {
  test("describes like GET, and more", async () => {
    await put("described", content(FILE_BYTES));
    const reply = await get("described");
    await reply.arrayBuffer();
    const head = await fetch(fixture.url("described"), { method: "HEAD" });
    const own = new Set(["date", "content-disposition", "traceresponse"]);
    for (const [name, value] of reply.headers)
      if (!own.has(name)) expect([name, head.headers.get(name)]).toEqual([name, value]);
    expect(head.headers.get("ais-name")).toBe("described");
    expect(head.headers.get("ais-bucket-name")).toBe("nnn");
    expect(head.headers.get("ais-location")).toMatch(/^t\[targetone\]:mp\[.*\/mp[12], /);
  });

  test("answers what version 2 asks for, and only that", async () => {
    await put("asked", "content");
    const head = (query: string): Promise<Response> => fetch(fixture.url("asked", query), { method: "HEAD" });
    const sized = await head("props=name,size");
    expect([sized.headers.get("content-length"), sized.headers.get("ais-present")]).toEqual(["7", "true"]);
    for (const name of ["etag", "last-modified", "ais-checksum-value", "ais-atime", "ais-location"]) {
      expect([name, sized.headers.get(name)]).toEqual([name, null]);
    }
    const tagged = await head("props=etag,last-modified,checksum");
    expect(tagged.headers.get("etag")).toMatch(/^"v1-[0-9a-f]{16}-[0-9a-z]+"$/);
    expect(tagged.headers.get("last-modified")).toMatch(/GMT$/);
    expect((await head("props=nonsense")).status).toBe(400);
    for (const presence of ["presence=1", "presence=3", "props=version&presence=3"])
      expect([presence, (await head(presence)).headers.get("ais-version")]).toEqual([presence, null]);
    expect((await head("presence=5")).status).toBe(400);
    // An empty list is none, and empty names in it are nothing.
    expect((await head("props=")).headers.get("ais-version")).not.toBeNull();
    expect((await head("props=size,,version")).headers.get("ais-version")).not.toBeNull();
    // Of an object in one piece there are no chunks to tell of.
    expect((await head("props=chunked")).headers.get("ais-chunks-count")).toBeNull();
  });
});

describe("buckets", () => {
  test("that the target has not heard of are looked up once", async () => {
    fixture.addBucket("fresh", 7n);
    const { member } = fixture.services;
    const before = member.refreshes;
    const url = fixture.url("o").replace("/nnn/", "/fresh/");
    expect((await fetch(url, { method: "PUT", body: "x" })).status).toBe(200);
    expect((await fetch(url)).status).toBe(200);
    expect(member.refreshes).toBe(before + 1);
  });

  test("made again under the same name share nothing, by the version that the redirect carries", async () => {
    fixture.addBucket("again", 20n);
    const url = fixture.url("o").replace("/nnn/", "/again/");
    await fetch(url, { method: "PUT", body: "old" });
    fixture.addBucket("again", 21n);
    expect(await (await fetch(url)).text()).toBe("old");
    const { version } = fixture.services.member.newest.bmd;
    expect((await fetch(`${url}&bmdv=${version}`)).status).toBe(404);
  });

  test("that were destroyed lose their data in the background", async () => {
    const { member } = fixture.services;
    fixture.addBucket("doomed", 30n);
    await fetch(fixture.url("o").replace("/nnn/", "/doomed/"), { method: "PUT", body: content(FILE_BYTES) });
    await put("survivor", "content");
    member.changeBmd((bmd) => withoutBucket(bmd, aisBucket("doomed")));
    member.deliver("bmd");
    await fixture.target.sweep.idle();
    const job = fixture.services.tracing.roots.findLast(({ name }) => name === "ais.job bucket-sweep");
    expect(job?.attributes["ais.job.removed"]).toBeGreaterThan(0);
    expect(await (await get("survivor")).text()).toBe("content");
    fixture.addBucket("doomed", 30n);
    member.deliver("bmd");
    expect((await fetch(fixture.url("o").replace("/nnn/", "/doomed/"))).status).toBe(404);
  });

  test("verify on every GET when they say so", async () => {
    fixture.addBucket("verified", 40n, (props) => ({
      ...props,
      checksum: { ...props.checksum, validate_warm_get: true },
    }));
    const url = fixture.url("o").replace("/nnn/", "/verified/");
    await fetch(url, { method: "PUT", body: content(FILE_BYTES) });
    expect((await (await fetch(url)).arrayBuffer()).byteLength).toBe(FILE_BYTES);
    expect(fixture.span().children.map(({ name }) => name)).toContain("ais.checksum");
  });
});

describe("traces", () => {
  test("continue over the redirect, and end when the last byte is out", async () => {
    await put("traced", content(FILE_BYTES));
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const reply = await fetch(fixture.url("traced", `traceparent=00-${traceId}-b7ad6b7169203331-01`));
    await reply.arrayBuffer();
    const span = fixture.span();
    await span.ended();
    expect([span.name, span.context.traceId, span.parent]).toEqual([
      "GET /v1/objects/{bucket}/{object}",
      traceId,
      "b7ad6b7169203331",
    ]);
    expect(span.attributes["http.response.body.size"]).toBe(FILE_BYTES);
    expect(reply.headers.get("traceresponse")).toContain(traceId);
    const names = span.children.map(({ name, endings }) => `${name} ${endings}`);
    expect(names).toContain("ais.index.lookup 1");
    expect(names).toContain("ais.file.read 1");
  });

  test("tell of a client that left in the middle", async () => {
    await put("aborted", content(20_000_000));
    const connection = await rawConnection(fixture.port);
    connection.write("GET /v1/objects/nnn/aborted HTTP/1.1\r\nHost: h\r\n\r\n");
    await connection.head();
    const span = fixture.span();
    expect(span.endings).toBe(0);
    connection.destroy();
    await span.ended();
    expect([span.failure, span.endings]).toEqual(["client_closed", 1]);
    expect(span.children.every(({ endings }) => endings === 1)).toBe(true);
  });
});
