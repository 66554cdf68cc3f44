import { describe, expect, test } from "bun:test";
import { officialEncode } from "../fixtures/official.ts";
import { decodeExportRequest } from "./decode.ts";
import { decodeExportJson } from "./json.ts";

const TRACE_ID = "5B8EFFF798038103D269B633813FC60C";
const SPAN_ID = "EEE19B7EC3C1B174";

function request(span: object): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: "my.service" } }] },
        scopeSpans: [{ scope: { name: "my.library", version: "1.0.0" }, spans: [span], later: "unknown" }],
      },
    ],
  };
}

const SPAN = {
  name: "a span",
  kind: 2,
  startTimeUnixNano: "1544712660000000000",
  endTimeUnixNano: "1544712661000000000",
  traceState: "a=1",
  flags: 257,
  attributes: [
    { key: "text", value: { stringValue: "t" } },
    { key: "int", value: { intValue: "12" } },
    { key: "big", value: { intValue: "9223372036854775807" } },
    { key: "double", value: { doubleValue: 1.5 } },
    { key: "bool", value: { boolValue: false } },
    { key: "bytes", value: { bytesValue: "AQI=" } },
    { key: "array", value: { arrayValue: { values: [{ stringValue: "x" }, {}] } } },
    { key: "map", value: { kvlistValue: { values: [{ key: "k", value: { intValue: 1 } }] } } },
    { key: "none", value: {} },
  ],
  droppedAttributesCount: 1,
  events: [{ timeUnixNano: "7", name: "e", attributes: [] }],
  droppedEventsCount: 2,
  droppedLinksCount: 3,
  status: { code: 2, message: "bad" },
};

describe("decodeExportJson", () => {
  test("gives what the protobuf encoding of the same request gives", () => {
    const bytes = (hex: string) => Buffer.from(hex, "hex");
    const ids = { traceId: TRACE_ID, spanId: SPAN_ID, parentSpanId: "EEE19B7EC3C1B173" };
    const link = { traceId: TRACE_ID, spanId: SPAN_ID, traceState: "l=1", attributes: [] };
    const json = decodeExportJson(request({ ...SPAN, ...ids, links: [link] }));
    const proto = officialEncode(
      request({
        ...SPAN,
        traceId: bytes(ids.traceId),
        spanId: bytes(ids.spanId),
        parentSpanId: bytes(ids.parentSpanId),
        links: [{ ...link, traceId: bytes(TRACE_ID), spanId: bytes(SPAN_ID) }],
      }),
    );
    expect(json).toEqual(decodeExportRequest(proto));
    expect(json[0]?.scopeSpans[0]?.spans[0]?.traceId).toBe(TRACE_ID.toLowerCase());
  });

  test("takes numbers as text or number, and enum names", () => {
    const ids = { traceId: TRACE_ID, spanId: SPAN_ID };
    const [decoded] = decodeExportJson(
      request({
        ...ids,
        kind: "SPAN_KIND_CLIENT",
        startTimeUnixNano: 5,
        status: { code: "STATUS_CODE_ERROR" },
      }),
    );
    expect(decoded?.scopeSpans[0]?.spans[0]).toMatchObject({
      kind: 3,
      startTimeUnixNano: 5n,
      parentSpanId: "",
      status: { code: 2, message: "" },
    });
  });

  const ok = { traceId: TRACE_ID, spanId: SPAN_ID };
  const bad: readonly (readonly [why: string, value: unknown])[] = [
    ["no object", "resourceSpans"],
    ["a list", []],
    ["null", null],
    ["spans that are no list", { resourceSpans: [{ scopeSpans: [{ spans: {} }] }] }],
    ["a span that is a text", request("span" as unknown as object)],
    ["a missing trace id", request({ spanId: SPAN_ID })],
    ["a base64 trace id", request({ ...ok, traceId: "W47/95gDgQPSabYzgT/GDA==" })],
    ["a span id of 15 digits", request({ ...ok, spanId: SPAN_ID.slice(1) })],
    ["a time that is no number", request({ ...ok, startTimeUnixNano: "soon" })],
    ["a kind that is none", request({ ...ok, kind: "SERVER" })],
    ["an attribute value that is a text", request({ ...ok, attributes: [{ key: "k", value: "v" }] })],
    ["an int with a fraction", request({ ...ok, attributes: [{ key: "k", value: { intValue: 0.5 } }] })],
  ];
  for (const [why, value] of bad) {
    test(`refuses ${why}`, () => {
      expect(() => decodeExportJson(value)).toThrow(expect.objectContaining({ code: "badRequest" }));
    });
  }

  test("refuses values nested too deep", () => {
    let value: object = { intValue: 1 };
    for (let i = 0; i < 10_000; i++) value = { arrayValue: { values: [value] } };
    const deep = request({ ...ok, attributes: [{ key: "k", value }] });
    expect(() => decodeExportJson(deep)).toThrow(expect.objectContaining({ code: "badRequest" }));
  });
});
