import { expect, test } from "bun:test";
import { ByteWriter } from "@ais/tracing/otlp/byte-writer.ts";
import { encodeSpan } from "@ais/tracing/otlp/encode.ts";
import { composeRequest, encodeResource, encodeScope } from "@ais/tracing/otlp/request.ts";
import { countSpans } from "./count-spans.ts";

test("counts what the encoder wrote, of spans short and long", () => {
  const w = new ByteWriter();
  const trace = { word0: 1, word1: 2, word2: 3, word3: 4, flags: 1, state: "", anchor: { high: 1, low: 2 } };
  const numbers = { idHigh: 1, idLow: 2, parentHigh: 0, parentLow: 0, kind: 1, startMs: 1, endMs: 2 };
  const nothing = { events: null, links: null, droppedAttributes: 0, droppedEvents: 0, droppedLinks: 0 };
  for (const length of [1, 40, 120, 20_000]) {
    const values = ["v".repeat(length)];
    const own = { parentRemote: false, statusError: false, statusMessage: "", blocks: null };
    encodeSpan(w, { trace, ...numbers, ...nothing, ...own, name: "n", keys: ["k"], values });
  }
  const request = composeRequest(encodeResource({ "service.name": "s" }), encodeScope("s", "1"), w.copy());
  expect(countSpans(request)).toBe(4);
});
