import { describe, expect, test } from "bun:test";
import { isAisError } from "@ais/base/errors.ts";
import { officialEncode } from "../fixtures/official.ts";
import { decodeExportRequest } from "./decode.ts";
import type { OtlpResourceSpans, OtlpSpan } from "./types.ts";

const TRACE_ID = Buffer.from("0af7651916cd43dd8448eb211c80319c", "hex");
const SPAN_ID = Buffer.from("b7ad6b7169203331", "hex");
const MANY = 300;

const VALUES = [
  { key: "text", value: { stringValue: "é" } },
  { key: "int", value: { intValue: "-9007199254740991" } },
  { key: "bigint", value: { intValue: "-9223372036854775808" } },
  { key: "double", value: { doubleValue: -0.5 } },
  { key: "bool", value: { boolValue: true } },
  { key: "bytes", value: { bytesValue: Buffer.from([1, 2]) } },
  { key: "array", value: { arrayValue: { values: [{ stringValue: "a" }, { intValue: 1 }, {}] } } },
  { key: "map", value: { kvlistValue: { values: [{ key: "in", value: { boolValue: false } }] } } },
  { key: "none", value: {} },
  { key: "__proto__", value: { stringValue: "harmless" } },
  { key: "twice", value: { intValue: 1 } },
  { key: "twice", value: { intValue: 2 } },
];

const REQUEST = officialEncode({
  resourceSpans: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
      scopeSpans: [
        {
          scope: { name: "lib", version: "1", attributes: VALUES },
          schemaUrl: "https://example.org/schema",
          spans: [
            {
              traceId: TRACE_ID,
              spanId: SPAN_ID,
              parentSpanId: Buffer.alloc(8, 7),
              traceState: "a=1",
              name: "op",
              kind: 3,
              startTimeUnixNano: "1792422016123456789",
              endTimeUnixNano: "1792422016123456790",
              attributes: VALUES,
              droppedAttributesCount: 1,
              events: [{ timeUnixNano: "5", name: "e", attributes: VALUES, droppedAttributesCount: 9 }],
              droppedEventsCount: 2,
              links: [
                { traceId: TRACE_ID, spanId: SPAN_ID, traceState: "b=2", attributes: VALUES, flags: 1 },
              ],
              droppedLinksCount: 3,
              status: { code: 2, message: "bad" },
              flags: 0x101,
            },
            { traceId: TRACE_ID, spanId: SPAN_ID, parentSpanId: Buffer.alloc(8) },
          ],
        },
      ],
    },
  ],
});

function only(request: readonly OtlpResourceSpans[]): OtlpSpan {
  const span = request[0]?.scopeSpans[0]?.spans[0];
  if (span === undefined) throw new Error("no span");
  return span;
}

describe("decodeExportRequest", () => {
  test("reads what the official encoder writes", () => {
    const decoded = decodeExportRequest(REQUEST);
    expect(decoded[0]?.resource.attributes).toEqual({ "service.name": "shop" });
    expect(decoded[0]?.scopeSpans[0]?.scope).toEqual({ name: "lib", version: "1" });
    const { attributes, events, links, ...plain } = only(decoded);
    expect(plain).toEqual({
      traceId: TRACE_ID.toString("hex"),
      spanId: SPAN_ID.toString("hex"),
      parentSpanId: "07".repeat(8),
      traceState: "a=1",
      name: "op",
      kind: 3,
      startTimeUnixNano: 1_792_422_016_123_456_789n,
      endTimeUnixNano: 1_792_422_016_123_456_790n,
      droppedAttributesCount: 1,
      droppedEventsCount: 2,
      droppedLinksCount: 3,
      status: { code: 2, message: "bad" },
      flags: 0x101,
    });
    expect(Object.entries(attributes)).toEqual([
      ["text", "é"],
      ["int", -9007199254740991],
      ["bigint", -9223372036854775808n],
      ["double", -0.5],
      ["bool", true],
      ["bytes", new Uint8Array([1, 2])],
      ["array", ["a", 1, null]],
      ["map", { in: false }],
      ["none", null],
      ["__proto__", "harmless"],
      ["twice", 2],
    ]);
    expect(events).toMatchObject([{ timeUnixNano: 5n, name: "e", attributes: { text: "é" } }]);
    expect(links).toMatchObject([{ traceId: TRACE_ID.toString("hex"), traceState: "b=2" }]);
  });

  test("a parent of zeros is no parent", () => {
    expect(decodeExportRequest(REQUEST)[0]?.scopeSpans[0]?.spans[1]?.parentSpanId).toBe("");
  });

  test("an empty request holds nothing", () => {
    expect(decodeExportRequest(new Uint8Array())).toEqual([]);
  });

  const bad: readonly (readonly [why: string, bytes: Uint8Array])[] = [
    ["a length past the end", new Uint8Array([0x0a, 0x05, 0x00])],
    ["an endless number", new Uint8Array(20).fill(0xff)],
    ["field number 0", new Uint8Array([0x02, 0x00])],
    ["a group", new Uint8Array([0x0b, 0x0c])],
    ["a wrong wire type", new Uint8Array([0x08, 0x01])],
    ["a span without ids", new Uint8Array([0x0a, 0x04, 0x12, 0x02, 0x12, 0x00])],
    ["a trace id of one byte", new Uint8Array([0x0a, 0x07, 0x12, 0x05, 0x12, 0x03, 0x0a, 0x01, 0x01])],
    ["a million empty parts", new Uint8Array(3_000_000).map((_, i) => (i % 2 === 0 ? 0x0a : 0x00))],
    ["values nested too deep", nested(40)],
  ];
  for (const [why, bytes] of bad) {
    test(`refuses ${why}`, () => {
      expect(() => decodeExportRequest(bytes)).toThrow(expect.objectContaining({ code: "badRequest" }));
    });
  }

  test("damaged requests are decoded or refused, nothing else", () => {
    const seed = Number(process.env.FUZZ_SEED ?? Math.trunc(Math.random() * 2 ** 31));
    process.stdout.write(`FUZZ_SEED=${seed}\n`);
    const random = randomOf(seed);
    for (let round = 0; round < 20 * MANY; round++) {
      const bytes = new Uint8Array(
        REQUEST.subarray(0, random() < 0.3 ? REQUEST.length * random() : undefined),
      );
      for (let i = 0; i < 1 + 4 * random() && bytes.length > 0; i++) {
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      }
      try {
        decodeExportRequest(bytes);
      } catch (error) {
        if (!isAisError(error, "badRequest")) throw error;
      }
    }
  });
});

function nested(depth: number): Uint8Array {
  let value: object = { intValue: 1 };
  for (let i = 0; i < depth; i++) value = { arrayValue: { values: [value] } };
  return officialEncode({ resourceSpans: [{ resource: { attributes: [{ key: "deep", value }] } }] });
}

/** Mulberry32: small, and the same everywhere. */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
