import { expect, test } from "bun:test";
import { errorMessage, HTTP_REPLY_MAX_BYTES, replyBytes, retryAfterMs } from "./http-reply.ts";

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

test.each([
  ["7", 7_000],
  [" 0 ", 0],
  ["Fri, 02 Jan 2026 03:04:25 GMT", 20_000],
  ["Fri, 02 Jan 2026 03:00:00 GMT", 0],
  ["soon", null],
  ["-1", null],
  ["1.5", null],
  ["", null],
  [null, null],
])("Retry-After %p is %p ms", (header, expected) => {
  expect(retryAfterMs(header, NOW_MS)).toBe(expected);
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test.each([
  ["application/x-protobuf", Buffer.from([0x08, 3, 0x12, 2, 0x6e, 0x6f]), "no"],
  ["application/x-protobuf", bytes("<html>"), ""],
  ["application/json; charset=utf-8", bytes('{"code":3,"message":"bad span"}'), "bad span"],
  ["application/json", bytes('{"error":1}'), '{"error":1}'],
  ["text/plain", bytes("wrong token\nmore"), "wrong token"],
  ["text/html", bytes("<html><body>no</body>"), ""],
  [null, bytes("x"), ""],
  ["text/plain", bytes("x".repeat(1_000)), "x".repeat(200)],
])("the message of a %s error", (type, body, expected) => {
  expect(errorMessage(type, body)).toBe(expected);
});

test("an answer without an end is not read to its end", async () => {
  let pulled = 0;
  const endless = new ReadableStream({
    pull(controller) {
      pulled += 65_536;
      controller.enqueue(new Uint8Array(65_536));
    },
  });
  await expect(replyBytes(new Response(endless))).rejects.toThrow("larger than");
  expect(pulled).toBeLessThan(HTTP_REPLY_MAX_BYTES + 4 * 65_536);
  expect(await replyBytes(new Response(null))).toHaveLength(0);
  expect(await replyBytes(new Response("ab"))).toEqual(Buffer.from("ab"));
});
