import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RequestBody } from "@ais/client/transport.ts";
import type { CommandContext } from "./context.ts";
import { putInParts } from "./put-parts.ts";

const directory = mkdtempSync(join(tmpdir(), "ais-parts-"));
const path = join(directory, "f");
const content = "0123456789".repeat(10);
writeFileSync(path, content);
afterAll(() => rmSync(directory, { recursive: true }));

const bucket = { name: "b", provider: "ais", namespace: { uuid: "", name: "" } } as const;
const file = { path, objectName: "o", sizeBytes: content.length };

interface Upload {
  readonly parts: Map<number, string>;
  readonly calls: string[];
}

/** A context whose cluster fails to take one part. */
function contextOf(upload: Upload, failingPart: number, signal = new AbortController().signal) {
  const uploads = {
    async create() {
      return "u1";
    },
    async putPart(_: unknown, __: string, { number }: { number: number }, body: NonNullable<RequestBody>) {
      if (number === failingPart) throw new Error("no space");
      const { stream } = body as { readonly stream: ReadableStream<Uint8Array> };
      upload.parts.set(number, await new Response(stream).text());
    },
    async complete(_: unknown, __: string, id: string, numbers: readonly number[]) {
      upload.calls.push(`complete ${id} ${numbers.join(",")}`);
    },
    async abort(_: unknown, __: string, id: string) {
      upload.calls.push(`abort ${id}`);
    },
  };
  return { client: { uploads }, io: { signal } } as unknown as CommandContext;
}

test("parts are the file, the last one shorter", async () => {
  const upload: Upload = { parts: new Map(), calls: [] };
  let bytes = 0;
  const plan = { partBytes: 30, concurrency: 2 };
  await putInParts(contextOf(upload, 0), bucket, file, plan, (count) => {
    bytes += count;
  });
  expect([...upload.parts].sort(([left], [right]) => left - right).map(([, text]) => text)).toEqual([
    content.slice(0, 30),
    content.slice(30, 60),
    content.slice(60, 90),
    content.slice(90),
  ]);
  expect([upload.calls, bytes]).toEqual([["complete u1 1,2,3,4"], 100]);
});

test("when a part fails the rest is not sent, and the upload is given up", async () => {
  const upload: Upload = { parts: new Map(), calls: [] };
  const put = putInParts(contextOf(upload, 2), bucket, file, { partBytes: 30, concurrency: 1 }, () => {});
  expect(put).rejects.toThrow("upload of ais://b/o in parts: no space");
  await put.catch(() => undefined);
  expect([[...upload.parts.keys()], upload.calls]).toEqual([[1], ["abort u1"]]);
});

test("an interrupt gives the upload up", async () => {
  const upload: Upload = { parts: new Map(), calls: [] };
  const interrupt = AbortSignal.abort();
  const put = putInParts(
    contextOf(upload, 0, interrupt),
    bucket,
    file,
    { partBytes: 30, concurrency: 3 },
    () => {},
  );
  expect(await put.catch((error: unknown) => error)).toBe(interrupt.reason);
  expect([upload.parts.size, upload.calls]).toEqual([0, ["abort u1"]]);
});
