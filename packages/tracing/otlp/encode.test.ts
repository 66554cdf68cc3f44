import { describe, expect, test } from "bun:test";
import { AttributeBlock } from "../attribute-block.ts";
import { officialDecode } from "../fixtures/official.ts";
import { SPAN_KIND } from "../types.ts";
import { ByteWriter } from "./byte-writer.ts";
import { decodeExportRequest } from "./decode.ts";
import { type EncodableSpan, encodeSpan } from "./encode.ts";
import { composeRequest, encodeResource, encodeScope } from "./request.ts";
import { SpanShape } from "./span-shape.ts";

/** 1792422016.123456789 s; the anchor is split where a double would lose digits. */
const ORIGIN_NS = 1_792_422_016_123_456_789n;
const TRACE = {
  word0: 0x0af76519,
  word1: 0x16cd43dd,
  word2: 0x8448eb21,
  word3: 0x1c80319c,
  flags: 3,
  state: "a=1,b=2",
  anchor: { high: Number(ORIGIN_NS >> 32n), low: Number(ORIGIN_NS & 0xffff_ffffn) },
};
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";

function span(changes: Partial<EncodableSpan>): EncodableSpan {
  return {
    trace: TRACE,
    idHigh: 0xb7ad6b71,
    idLow: 0x69203331,
    parentHigh: 0,
    parentLow: 0,
    parentRemote: false,
    shape: new SpanShape("n", SPAN_KIND.server),
    startMs: 0,
    endMs: 1.5,
    own: null,
    rare: null,
    ...changes,
  };
}

function request(...spans: readonly EncodableSpan[]): Uint8Array {
  const w = new ByteWriter();
  for (const one of spans) encodeSpan(w, one);
  return composeRequest(encodeResource({ "service.name": "s" }), encodeScope("aistore", "5.0"), w.copy());
}

/** The only span of a request, as the official decoder sees it. */
function officialSpan(changes: Partial<EncodableSpan>): Record<string, unknown> {
  const decoded = officialDecode(request(span(changes))) as {
    resourceSpans: [{ scopeSpans: [{ spans: [Record<string, unknown>] }] }];
  };
  return decoded.resourceSpans[0].scopeSpans[0].spans[0];
}

describe("the official decoder reads", () => {
  test("a whole request", () => {
    const full = span({
      parentHigh: 1,
      parentLow: 2,
      parentRemote: true,
      own: ["k", "v"],
      rare: {
        droppedAttributes: 1,
        events: [{ timeMs: 1, name: "e", attributes: { a: 1 }, droppedAttributes: 2 }],
        droppedEvents: 3,
        links: [
          {
            traceWords: [1, 2, 3, 4],
            idHigh: 5,
            idLow: 6,
            state: "l=1",
            flags: 1,
            attributes: { why: "job" },
            droppedAttributes: 4,
          },
        ],
        droppedLinks: 5,
        statusError: true,
        statusMessage: "no",
      },
    });
    expect(officialDecode(request(full))).toEqual({
      resourceSpans: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: "s" } }] },
          scopeSpans: [
            {
              scope: { name: "aistore", version: "5.0" },
              spans: [
                {
                  traceId: TRACE_ID,
                  spanId: "b7ad6b7169203331",
                  traceState: "a=1,b=2",
                  parentSpanId: "0000000100000002",
                  name: "n",
                  kind: 2,
                  startTimeUnixNano: "1792422016123456789",
                  endTimeUnixNano: "1792422016124956789",
                  attributes: [{ key: "k", value: { stringValue: "v" } }],
                  droppedAttributesCount: 1,
                  events: [
                    {
                      timeUnixNano: "1792422016124456789",
                      name: "e",
                      attributes: [{ key: "a", value: { intValue: "1" } }],
                      droppedAttributesCount: 2,
                    },
                  ],
                  droppedEventsCount: 3,
                  links: [
                    {
                      traceId: "00000001000000020000000300000004",
                      spanId: "0000000500000006",
                      traceState: "l=1",
                      attributes: [{ key: "why", value: { stringValue: "job" } }],
                      droppedAttributesCount: 4,
                      flags: 0x301,
                    },
                  ],
                  droppedLinksCount: 5,
                  status: { message: "no", code: 2 },
                  flags: 0x303,
                },
              ],
            },
          ],
        },
      ],
    });
  });

  test("spans of one shape, each with its own ids and attributes", () => {
    const block = new AttributeBlock({ "block.text": "grün", "block.number": 7 });
    const shape = new SpanShape("shaped", SPAN_KIND.client).with(block);
    expect(shape.with(block)).toBe(shape.with(block));
    const one = officialSpan({ shape, own: ["k", 1] });
    const other = officialSpan({ shape, idLow: 2, parentHigh: 3, startMs: 1 });
    const ofBlock = [
      { key: "block.text", value: { stringValue: "grün" } },
      { key: "block.number", value: { intValue: "7" } },
    ];
    expect(one).toMatchObject({ name: "shaped", kind: 3, spanId: "b7ad6b7169203331" });
    expect(one["attributes"]).toEqual([...ofBlock, { key: "k", value: { intValue: "1" } }]);
    expect(one).not.toHaveProperty("parentSpanId");
    expect(other).toMatchObject({
      name: "shaped",
      spanId: "b7ad6b7100000002",
      parentSpanId: "0000000300000000",
    });
    expect(other["startTimeUnixNano"]).toBe("1792422016124456789");
    expect(other["attributes"]).toEqual(ofBlock);
  });

  test("a root without anything optional", () => {
    expect(officialSpan({ trace: { ...TRACE, state: "" } })).toEqual({
      traceId: TRACE_ID,
      spanId: "b7ad6b7169203331",
      name: "n",
      kind: 2,
      startTimeUnixNano: "1792422016123456789",
      endTimeUnixNano: "1792422016124956789",
      flags: 0x103,
    });
  });

  test("every kind of value", () => {
    const values = {
      text: "é€😀",
      "text of 48": "x".repeat(48),
      "text of 49": "x".repeat(49),
      "text of 96": "u".repeat(96),
      "text of 97": "w".repeat(97),
      "text of 127 and more": "y".repeat(127),
      "text of 16384": "z".repeat(16_384),
      "long text outside ASCII": "ü".repeat(3_000),
      empty: "",
      yes: true,
      no: false,
      zero: 0,
      small: 127,
      "2^31-1": 2 ** 31 - 1,
      "2^31": 2 ** 31,
      "2^32": 2 ** 32,
      "2^53-1": Number.MAX_SAFE_INTEGER,
      negative: -1,
      "-(2^53-1)": Number.MIN_SAFE_INTEGER,
      double: 0.1,
      huge: 1e300,
      words: ["a", "", "ü"],
      numbers: [1, -2, 0.5],
      flags: [true, false],
      none: [] as string[],
    };
    const { attributes } = officialSpan({ own: Object.entries(values).flat(1) });
    const read = Object.fromEntries(
      (attributes as { key: string; value: object }[]).map(({ key, value }) => [key, value]),
    );
    expect(read).toMatchObject({
      text: { stringValue: "é€😀" },
      "text of 48": { stringValue: values["text of 48"] },
      "text of 49": { stringValue: values["text of 49"] },
      "text of 96": { stringValue: values["text of 96"] },
      "text of 97": { stringValue: values["text of 97"] },
      "text of 127 and more": { stringValue: values["text of 127 and more"] },
      "text of 16384": { stringValue: values["text of 16384"] },
      "long text outside ASCII": { stringValue: values["long text outside ASCII"] },
      empty: { stringValue: "" },
      yes: { boolValue: true },
      no: { boolValue: false },
      zero: { intValue: "0" },
      small: { intValue: "127" },
      "2^31-1": { intValue: "2147483647" },
      "2^31": { intValue: "2147483648" },
      "2^32": { intValue: "4294967296" },
      "2^53-1": { intValue: "9007199254740991" },
      negative: { intValue: "-1" },
      "-(2^53-1)": { intValue: "-9007199254740991" },
      double: { doubleValue: 0.1 },
      huge: { doubleValue: 1e300 },
      words: { arrayValue: { values: [{ stringValue: "a" }, { stringValue: "" }, { stringValue: "ü" }] } },
      numbers: { arrayValue: { values: [{ intValue: "1" }, { intValue: "-2" }, { doubleValue: 0.5 }] } },
      flags: { arrayValue: { values: [{ boolValue: true }, { boolValue: false }] } },
      none: { arrayValue: {} },
    });
  });

  test("times after months of uptime, to the nanosecond that a double keeps", () => {
    const monthsMs = 90 * 86_400_000 + 0.25;
    expect(officialSpan({ startMs: monthsMs, endMs: monthsMs })).toMatchObject({
      startTimeUnixNano: String(ORIGIN_NS + BigInt(90 * 86_400_000) * 1_000_000n + 250_000n),
    });
  });
});

test("a reused writer holds as many spans as were written since it was cleared", () => {
  const w = new ByteWriter();
  const big = span({ own: ["k", "v".repeat(60_000)] });
  for (let i = 0; i < 20; i++) encodeSpan(w, big);
  expect(w.at).toBeGreaterThan(20 * 60_000);
  w.clear();
  encodeSpan(w, span({ shape: new SpanShape("after", SPAN_KIND.internal) }));
  const [resource] = decodeExportRequest(composeRequest(encodeResource({}), encodeScope("", ""), w.copy()));
  expect(resource?.scopeSpans[0]?.spans.map(({ name }) => name)).toEqual(["after"]);
});
