/** What object calls can mean beside storing, reading and deleting: metadata, copies, appends, uploads in parts. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { REDIRECTED, startTargetFixture, type TargetFixture } from "./testing/target-fixture.ts";

let fixture: TargetFixture;
beforeAll(async () => {
  fixture = await startTargetFixture();
  fixture.addBucket("other", 2n);
  fixture.services.member.deliver("bmd");
});
afterAll(() => fixture[Symbol.asyncDispose]());

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

async function call(method: string, name: string, query = "", body?: string | object): Promise<Reply> {
  const init = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
  const reply = await fetch(fixture.url(name, query), { method, ...init });
  return { status: reply.status, text: await reply.text(), headers: reply.headers };
}

async function read(name: string, bucket = "nnn"): Promise<string | number> {
  const reply = await fetch(fixture.url(name).replace("/nnn/", `/${bucket}/`));
  return reply.status === 200 ? reply.text() : reply.status;
}

const act = (action: string, value: unknown = null, name = "") => ({ action, name, value });

test("PATCH merges custom metadata, or puts new in its place", async () => {
  await call("PUT", "patched", "", "content");
  expect((await call("PATCH", "patched", "", act("", { a: "1", b: "2" }))).status).toBe(200);
  expect((await call("PATCH", "patched", "", act("", { b: "3" }))).status).toBe(200);
  const merged = await call("HEAD", "patched", "props=custom");
  expect(merged.headers.get("ais-custom-md")?.split(", ").sort()).toEqual(["a=1", "b=3"]);
  await call("PATCH", "patched", "set-new-custom=true", act("", { c: "4" }));
  expect((await call("HEAD", "patched", "props=custom")).headers.get("ais-custom-md")).toBe("c=4");
  expect(await read("patched")).toBe("content");
});

test("PUT over an object keeps its custom metadata, and what describes the old content goes", async () => {
  for (const size of [10, 50_000]) {
    const custom = async () =>
      (await call("HEAD", "over", "props=custom")).headers.get("ais-custom-md")?.split(", ").sort() ?? [];
    const put = (letter: string, query = "", md?: string) =>
      fetch(fixture.url("over", query), {
        method: "PUT",
        body: letter.repeat(size),
        headers: md === undefined ? {} : { "Ais-Custom-Md": md },
      });
    await call("DELETE", "over");
    await put("a", "", "owner=me");
    await call("PATCH", "over", "", act("", { ETag: "of-a", md5: "of-a", shared: "a" }));
    const replaced = await put("b", "", "shared=b");
    expect(replaced.headers.get("ais-custom-md")?.split(", ").sort()).toEqual(["owner=me", "shared=b"]);
    expect(await custom()).toEqual(["owner=me", "shared=b"]);
    await put("c");
    expect(await custom()).toEqual(["owner=me", "shared=b"]);
    // Together beyond the limit: neither content nor metadata change.
    expect((await put("d", "", `more=${"m".repeat(2040)}`)).status).toBe(400);
    expect([await read("over"), await custom()]).toEqual(["c".repeat(size), ["owner=me", "shared=b"]]);
    await put("e", "skip_vc=true", "new=1");
    expect([await read("over"), await custom()]).toEqual(["e".repeat(size), ["new=1"]]);
    await call("DELETE", "over");
    await put("f");
    expect(await custom()).toEqual([]);
  }
});

test("PATCH keeps the limits of custom metadata, of the whole as well", async () => {
  await call("PUT", "limited", "", "content");
  for (const value of [
    { "": "v" },
    { "a\u0001b": "v" },
    { k: "line\nbreak" },
    { k: "v".repeat(2048) },
    { k: 1 },
    "text",
  ]) {
    const { status, text } = await call("PATCH", "limited", "", act("", value));
    expect([value, status]).toEqual([value, 400]);
    expect(text).toContain("custom metadata");
  }
  expect((await call("PATCH", "limited", "", act("", { k: "v".repeat(1500) }))).status).toBe(200);
  expect((await call("PATCH", "limited", "", act("", { l: "v".repeat(1500) }))).status).toBe(400);
  expect((await call("PATCH", "missing", "", act("", { a: "1" }))).text).toContain(
    'ais://nnn/missing\\" does not exist',
  );
  expect((await call("PATCH", "limited")).status).toBe(400);
});

test("a copy has the content and the metadata, in the same bucket and in another", async () => {
  for (const size of [100, 50_000]) {
    const content = "c".repeat(size);
    await call("PUT", "source", "", content);
    await call("PATCH", "source", "set-new-custom=true", act("", { from: String(size) }));
    expect((await call("PUT", "source", "object_to=ais/@%23/nnn/dir/copy")).status).toBe(200);
    expect((await call("PUT", "source", "object_to=ais/@%23/other/source")).status).toBe(200);
    expect([await read("dir/copy"), await read("source", "other"), await read("source")]).toEqual([
      content,
      content,
      content,
    ]);
    const head = await call("HEAD", "dir/copy");
    expect(head.headers.get("ais-custom-md")).toBe(`from=${size}`);
    expect(head.headers.get("ais-checksum-value")).toBe(
      (await call("HEAD", "source")).headers.get("ais-checksum-value"),
    );
  }
  expect((await call("PUT", "source", "object_to=ais/@%23/nnn/source")).status).toBe(200);
});

test("a copy of or to nothing is refused by its name", async () => {
  const unnamed = await call("PUT", "source", "object_to=ais/@%23/other/");
  expect([unnamed.status, unnamed.text]).toEqual([400, expect.stringContaining("names no object")]);
  await call("PUT", "source", "", "content");
  const noBucket = await call("PUT", "source", "object_to=ais/@%23/nobucket/x");
  expect([noBucket.status, noBucket.text]).toEqual([
    404,
    expect.stringContaining('bucket \\"ais://nobucket\\" does not exist'),
  ]);
  expect((await call("PUT", "nothing", "object_to=ais/@%23/nnn/x")).status).toBe(404);
  expect((await call("PUT", "source", "object_to=ais/@%23/nnn/a/../b")).status).toBe(400);
  expect(await read("x")).toBe(404);
});

test("a rename moves content and metadata", async () => {
  await call("PUT", "old", "", "content");
  await call("PATCH", "old", "", act("", { k: "v" }));
  expect((await call("POST", "old", "", act("rename-obj", null, "new/name"))).status).toBe(200);
  expect([await read("old"), await read("new/name")]).toEqual([404, "content"]);
  expect((await call("HEAD", "new/name")).headers.get("ais-custom-md")).toBe("k=v");
  expect((await call("POST", "new/name", "", act("rename-obj", null, "new/name"))).text).toContain(
    "to itself",
  );
  expect((await call("POST", "old", "", act("rename-obj", null, "x"))).status).toBe(404);
  expect(fixture.services.metrics.dump().tracker).toMatchObject({ "ren.n": 1, "err.ren.n": 2 });
});

test("an append shows at the flush, after what was there", async () => {
  await call("PUT", "log", "", "old ");
  let handle = "";
  for (const piece of ["one ", "", "two"]) {
    const reply = await call(
      "PUT",
      "log",
      `append_type=append&append_handle=${encodeURIComponent(handle)}`,
      piece,
    );
    expect(reply.status).toBe(200);
    handle = reply.headers.get("ais-append-handle") ?? "";
    expect(handle.split("|")).toEqual(["targetone", expect.any(String), "xxhash2", expect.any(String)]);
  }
  expect(await read("log")).toBe("old ");
  const flush = `append_type=flush&append_handle=${encodeURIComponent(handle)}`;
  const flushed = await call("PUT", "log", flush);
  expect([flushed.status, flushed.headers.get("ais-append-handle")]).toEqual([200, null]);
  expect(await read("log")).toBe("old one two");
  expect((await call("HEAD", "log", "props=chunked")).headers.get("ais-chunks-count")).toBeNull();
  expect((await call("PUT", "log", flush)).status).toBe(404);
});

test("an append that is sent again replaces its first try, and an old handle cannot flush", async () => {
  const append = (body: string, handle: string) =>
    call("PUT", "again", `append_type=append&append_handle=${encodeURIComponent(handle)}`, body);
  const first = (await append("a", "")).headers.get("ais-append-handle") ?? "";
  await append("x", first);
  const second = (await append("b", first)).headers.get("ais-append-handle") ?? "";
  const flush = (handle: string) =>
    call("PUT", "again", `append_type=flush&append_handle=${encodeURIComponent(handle)}`);
  expect((await flush(first)).status).toBe(400);
  expect((await flush(second)).status).toBe(200);
  expect(await read("again")).toBe("ab");
  for (const handle of ["", "nonsense", "othernode|id|xxhash2|MQ=="])
    expect((await flush(handle)).status).toBe(400);
  expect((await call("PUT", "again", "append_type=other")).status).toBe(400);
  // Those of this test, and the handle of the one before that was flushed already.
  expect(fixture.services.metrics.dump().tracker["err.append.n"]).toBeGreaterThanOrEqual(5);
});

test("a multipart upload shows at completion, and says of how many parts it is", async () => {
  const id = (await call("POST", "parts", "", act("mpt-upload"))).text;
  const part = (number: number | string, body: string) =>
    call("PUT", "parts", `uploadId=${id}&partNumber=${number}`, body);
  expect((await part(2, "second")).status).toBe(200);
  expect((await part(1, "first ")).status).toBe(200);
  expect(await read("parts")).toBe(404);
  const complete = (...numbers: number[]) =>
    call(
      "POST",
      "parts",
      `uploadId=${id}`,
      act(
        "mpt-complete",
        numbers.map((number) => ({ "part-number": number, etag: "" })),
      ),
    );
  for (const numbers of [[1], [1, 1], [1, 2, 3]]) {
    const { status, text } = await complete(...numbers);
    expect([numbers, status, text]).toEqual([numbers, 400, expect.stringContaining("partial completion")]);
  }
  expect((await complete(2, 1)).status).toBe(200);
  expect(await read("parts")).toBe("first second");
  const head = await call("HEAD", "parts", "props=chunked,size");
  expect([head.headers.get("ais-chunks-count"), head.headers.get("ais-chunks-max-chunk-size")]).toEqual([
    "2",
    "6",
  ]);
  expect((await complete(1, 2)).text).toContain("does not exist");
});

test("a multipart upload refuses what makes no object", async () => {
  const id = (await call("POST", "bad", "", act("mpt-upload"))).text;
  expect((await call("PUT", "bad", `uploadId=${id}&partNumber=1`, "")).text).toContain("invalid size (0)");
  for (const number of ["0", "-1", "x", "10000", ""]) {
    expect((await call("PUT", "bad", `uploadId=${id}&partNumber=${number}`, "body")).status).toBe(400);
  }
  expect((await call("POST", "bad", `uploadId=${id}`, act("mpt-complete", []))).text).toContain("no chunks");
  expect((await call("DELETE", "bad", `uploadId=${id}`, act("mpt-abort"))).status).toBe(200);
  expect((await call("DELETE", "bad", `uploadId=${id}`, act("mpt-abort"))).status).toBe(404);
  expect(await read("bad")).toBe(404);
});

test("an object is never locked; other actions are told from unknown ones", async () => {
  await call("PUT", "free", "", "content");
  expect((await call("POST", "free", "", act("check-lock"))).status).toBe(200);
  expect((await call("POST", "free", "", act("blob-download"))).text).toContain("expecting remote bucket");
  expect((await call("POST", "free", "", act("no-such-action"))).status).toBe(400);
  const direct = fixture.url("free").replace(REDIRECTED, "");
  for (const method of ["POST", "PATCH"]) {
    expect((await fetch(direct, { method, body: JSON.stringify(act("check-lock")) })).status).toBe(400);
  }
});
