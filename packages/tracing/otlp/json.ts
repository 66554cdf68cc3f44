/** OTLP/JSON read into the same objects as the protobuf encoding. Unknown members are passed over. */
import { DecodeBudget } from "./budget.ts";
import { type MutableAttributes, newAttributes } from "./decode-value.ts";
import {
  doubleOf,
  enumOf,
  hexOf,
  int64Of,
  type JsonObject,
  listOf,
  nanosOf,
  objectOf,
  textOf,
  uint32Of,
  wrong,
} from "./json-fields.ts";
import type { OtlpEvent, OtlpLink, OtlpResourceSpans, OtlpScopeSpans, OtlpSpan, OtlpValue } from "./types.ts";

const SPAN_KINDS = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"].map(
  (name) => `SPAN_KIND_${name}`,
);
const STATUS_CODES = ["UNSET", "OK", "ERROR"].map((name) => `STATUS_CODE_${name}`);
const TRACE_ID_DIGITS = 32;
const SPAN_ID_DIGITS = 16;
const NO_SPAN_ID = "0".repeat(SPAN_ID_DIGITS);

/** Decodes OTLP/JSON, already parsed. Anything of a wrong shape: `AisError` badRequest. */
export function decodeExportJson(value: unknown, budget = new DecodeBudget()): OtlpResourceSpans[] {
  if (typeof value !== "object" || value === null) throw wrong("request", "an object", value);
  const { resourceSpans } = objectOf(value, "request");
  return listOf(resourceSpans, "resourceSpans").map((item) => {
    budget.item();
    const { resource, scopeSpans } = objectOf(item, "resourceSpans");
    return {
      resource: { attributes: attributesOf(objectOf(resource, "resource").attributes, budget) },
      scopeSpans: listOf(scopeSpans, "scopeSpans").map((scoped) => scopeSpansOf(scoped, budget)),
    };
  });
}

function scopeSpansOf(value: unknown, budget: DecodeBudget): OtlpScopeSpans {
  budget.item();
  const { scope, spans } = objectOf(value, "scopeSpans");
  const { name, version } = objectOf(scope, "scope");
  return {
    scope: { name: textOf(name, "scope.name"), version: textOf(version, "scope.version") },
    spans: listOf(spans, "spans").map((span) => spanOf(objectOf(span, "spans"), budget)),
  };
}

function spanOf(json: JsonObject, budget: DecodeBudget): OtlpSpan {
  budget.item();
  const traceId = hexOf(json.traceId, TRACE_ID_DIGITS, "traceId");
  const spanId = hexOf(json.spanId, SPAN_ID_DIGITS, "spanId");
  if (traceId === "") throw wrong("traceId", `${TRACE_ID_DIGITS} hex digits`, json.traceId);
  if (spanId === "") throw wrong("spanId", `${SPAN_ID_DIGITS} hex digits`, json.spanId);
  const parentSpanId = hexOf(json.parentSpanId, SPAN_ID_DIGITS, "parentSpanId");
  const status = objectOf(json.status, "status");
  return {
    traceId,
    spanId,
    parentSpanId: parentSpanId === NO_SPAN_ID ? "" : parentSpanId,
    traceState: textOf(json.traceState, "traceState"),
    name: textOf(json.name, "name"),
    kind: enumOf(json.kind, SPAN_KINDS, "kind"),
    startTimeUnixNano: nanosOf(json.startTimeUnixNano, "startTimeUnixNano"),
    endTimeUnixNano: nanosOf(json.endTimeUnixNano, "endTimeUnixNano"),
    attributes: attributesOf(json.attributes, budget),
    droppedAttributesCount: uint32Of(json.droppedAttributesCount, "droppedAttributesCount"),
    events: listOf(json.events, "events").map((event) => eventOf(objectOf(event, "events"), budget)),
    droppedEventsCount: uint32Of(json.droppedEventsCount, "droppedEventsCount"),
    links: listOf(json.links, "links").map((link) => linkOf(objectOf(link, "links"), budget)),
    droppedLinksCount: uint32Of(json.droppedLinksCount, "droppedLinksCount"),
    status: {
      code: enumOf(status.code, STATUS_CODES, "status.code"),
      message: textOf(status.message, "status.message"),
    },
    flags: uint32Of(json.flags, "flags"),
  };
}

function eventOf(json: JsonObject, budget: DecodeBudget): OtlpEvent {
  budget.item();
  return {
    timeUnixNano: nanosOf(json.timeUnixNano, "timeUnixNano"),
    name: textOf(json.name, "events.name"),
    attributes: attributesOf(json.attributes, budget),
  };
}

function linkOf(json: JsonObject, budget: DecodeBudget): OtlpLink {
  budget.item();
  return {
    traceId: hexOf(json.traceId, TRACE_ID_DIGITS, "links.traceId"),
    spanId: hexOf(json.spanId, SPAN_ID_DIGITS, "links.spanId"),
    traceState: textOf(json.traceState, "links.traceState"),
    attributes: attributesOf(json.attributes, budget),
  };
}

function attributesOf(value: unknown, budget: DecodeBudget, depth = 0): MutableAttributes {
  const attributes = newAttributes();
  for (const item of listOf(value, "attributes")) {
    const { key, value: held } = objectOf(item, "attributes");
    budget.item();
    attributes[textOf(key, "key")] = anyValueOf(objectOf(held, "value"), budget, depth);
  }
  return attributes;
}

function anyValueOf(json: JsonObject, budget: DecodeBudget, depth: number): OtlpValue {
  budget.value(depth);
  if (json.stringValue !== undefined) return textOf(json.stringValue, "stringValue");
  if (json.boolValue !== undefined) return json.boolValue === true || json.boolValue === "true";
  if (json.intValue !== undefined) return safeNumber(int64Of(json.intValue, "intValue"));
  if (json.doubleValue !== undefined) return doubleOf(json.doubleValue, "doubleValue");
  if (json.bytesValue !== undefined) {
    return new Uint8Array(Buffer.from(textOf(json.bytesValue, "bytesValue"), "base64"));
  }
  if (json.arrayValue !== undefined) {
    const { values } = objectOf(json.arrayValue, "arrayValue");
    return listOf(values, "arrayValue.values").map((item) =>
      anyValueOf(objectOf(item, "arrayValue.values"), budget, depth + 1),
    );
  }
  if (json.kvlistValue !== undefined) {
    return attributesOf(objectOf(json.kvlistValue, "kvlistValue").values, budget, depth + 1);
  }
  return null;
}

function safeNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
