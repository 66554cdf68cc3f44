import { expect, test } from "bun:test";
import { ByteWriter } from "@ais/tracing/otlp/byte-writer.ts";
import { encodeSpan } from "@ais/tracing/otlp/encode.ts";
import { composeRequest, encodeResource, encodeScope } from "@ais/tracing/otlp/request.ts";
import { SpanShape } from "@ais/tracing/otlp/span-shape.ts";
import { SPAN_KIND } from "@ais/tracing/types.ts";
import { countSpans } from "./count-spans.ts";

test("counts what the encoder wrote, of spans short and long", () => {
  const w = new ByteWriter();
  const trace = { word0: 1, word1: 2, word2: 3, word3: 4, flags: 1, state: "", anchor: { high: 1, low: 2 } };
  const shape = new SpanShape("n", SPAN_KIND.internal);
  const span = { trace, idHigh: 1, idLow: 2, parentHigh: 0, parentLow: 0, parentRemote: false, rare: null };
  for (const length of [1, 40, 120, 20_000]) {
    encodeSpan(w, { ...span, shape, startMs: 1, endMs: 2, own: ["k", "v".repeat(length)] });
  }
  const request = composeRequest(encodeResource({ "service.name": "s" }), encodeScope("s", "1"), w.copy());
  expect(countSpans(request)).toBe(4);
});
