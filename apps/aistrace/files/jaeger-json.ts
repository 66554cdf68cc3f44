/** Jaeger's JSON of traces, as its API and the downloads of its page have it, read into the same objects as OTLP. */
import type { DecodeBudget } from "@ais/tracing/otlp/budget.ts";
import { type MutableAttributes, newAttributes } from "@ais/tracing/otlp/decode-value.ts";
import {
  doubleOf,
  hexOf,
  int64Of,
  type JsonObject,
  listOf,
  objectOf,
  textOf,
  uint32Of,
  wrong,
} from "@ais/tracing/otlp/json-fields.ts";
import type { OtlpEvent, OtlpLink, OtlpResourceSpans, OtlpSpan, OtlpValue } from "@ais/tracing/otlp/types.ts";

const TRACE_ID_DIGITS = 32;
const SPAN_ID_DIGITS = 16;
const NS_PER_US = 1000n;
const KINDS: Readonly<Record<string, number>> = {
  internal: 1,
  server: 2,
  client: 3,
  producer: 4,
  consumer: 5,
};

/** Traces, one a list item. Anything of a wrong shape: `AisError` badRequest. */
export function decodeJaegerTraces(traces: readonly unknown[], budget: DecodeBudget): OtlpResourceSpans[] {
  return traces.flatMap((item) => {
    const trace = objectOf(item, "data");
    const processes = objectOf(trace.processes, "processes");
    return listOf(trace.spans, "spans").map((span) => spanOf(objectOf(span, "spans"), processes, budget));
  });
}

/** Each span with a resource of its own: the store keeps equal ones once. */
function spanOf(json: JsonObject, processes: JsonObject, budget: DecodeBudget): OtlpResourceSpans {
  budget.item();
  const process = objectOf(json.process ?? processes[textOf(json.processID, "processID")], "process");
  const resource = attributesOf(process.tags, "process.tags", budget);
  resource["service.name"] = textOf(process.serviceName, "serviceName");
  const tags = new Tags(attributesOf(json.tags, "tags", budget));
  const span = {
    ...identityOf(json, budget),
    ...timesOf(json),
    name: textOf(json.operationName, "operationName"),
    events: listOf(json.logs, "logs").map((log) => eventOf(objectOf(log, "logs"), budget)),
    flags: uint32Of(json.flags, "flags"),
    traceState: tags.takeText("w3c.tracestate"),
    kind: KINDS[tags.takeText("span.kind")] ?? 0,
    status: tags.takeStatus(),
    droppedAttributesCount: tags.takeCount("otel.dropped_attributes_count"),
    droppedEventsCount: tags.takeCount("otel.dropped_events_count"),
    droppedLinksCount: tags.takeCount("otel.dropped_links_count"),
  };
  const scope = {
    name: tags.takeText("otel.scope.name") || tags.takeText("otel.library.name"),
    version: tags.takeText("otel.scope.version") || tags.takeText("otel.library.version"),
  };
  const spans: OtlpSpan[] = [{ ...span, attributes: tags.rest }];
  return { resource: { attributes: resource }, scopeSpans: [{ scope, spans }] };
}

/** The parent is the first reference of the same trace as `CHILD_OF`, else the first at all; the others are links. */
function identityOf(
  json: JsonObject,
  budget: DecodeBudget,
): Pick<OtlpSpan, "traceId" | "spanId" | "parentSpanId" | "links"> {
  const traceId = idOf(json.traceID, TRACE_ID_DIGITS, "traceID");
  const spanId = idOf(json.spanID, SPAN_ID_DIGITS, "spanID");
  if (traceId === "") throw wrong("traceID", "hex digits", json.traceID);
  if (spanId === "") throw wrong("spanID", "hex digits", json.spanID);
  const references = listOf(json.references, "references").map((item) => {
    budget.item();
    const { refType, traceID, spanID } = objectOf(item, "references");
    return {
      type: textOf(refType, "refType"),
      traceId: idOf(traceID, TRACE_ID_DIGITS, "references.traceID"),
      spanId: idOf(spanID, SPAN_ID_DIGITS, "references.spanID"),
    };
  });
  const parent = references.find(({ type, traceId: of }) => type === "CHILD_OF" && of === traceId);
  const links = references.filter((reference) => reference !== parent);
  return {
    traceId,
    spanId,
    parentSpanId: parent?.spanId ?? idOf(json.parentSpanID, SPAN_ID_DIGITS, "parentSpanID"),
    links: links.map(
      ({ type, traceId: linked, spanId: span }): OtlpLink => ({
        traceId: linked,
        spanId: span,
        traceState: "",
        attributes: type === "CHILD_OF" ? { "opentracing.ref_type": "child_of" } : {},
      }),
    ),
  };
}

/** Jaeger leaves leading zeros out. */
function idOf(value: unknown, digits: number, what: string): string {
  const text = textOf(value, what);
  return text === "" ? "" : hexOf(text.padStart(digits, "0"), digits, what);
}

function timesOf(json: JsonObject): Pick<OtlpSpan, "startTimeUnixNano" | "endTimeUnixNano"> {
  const start = int64Of(json.startTime ?? 0, "startTime") * NS_PER_US;
  const end = start + int64Of(json.duration ?? 0, "duration") * NS_PER_US;
  return { startTimeUnixNano: BigInt.asUintN(64, start), endTimeUnixNano: BigInt.asUintN(64, end) };
}

function eventOf(json: JsonObject, budget: DecodeBudget): OtlpEvent {
  budget.item();
  const tags = new Tags(attributesOf(json.fields, "logs.fields", budget));
  return {
    timeUnixNano: BigInt.asUintN(64, int64Of(json.timestamp ?? 0, "timestamp") * NS_PER_US),
    name: tags.takeText("event"),
    attributes: tags.rest,
  };
}

function attributesOf(value: unknown, what: string, budget: DecodeBudget): MutableAttributes {
  const attributes = newAttributes();
  for (const item of listOf(value, what)) {
    budget.item();
    const { key, type, value: held } = objectOf(item, what);
    attributes[textOf(key, `${what}.key`)] = tagValue(textOf(type, `${what}.type`), held, what);
  }
  return attributes;
}

function tagValue(type: string, value: unknown, what: string): OtlpValue {
  switch (type) {
    case "bool":
      return value === true || value === "true";
    case "int64": {
      const integer = int64Of(value, what);
      return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
    }
    case "float64":
      return doubleOf(value, what);
    case "binary":
      return new Uint8Array(Buffer.from(textOf(value, what), "base64"));
    default:
      return typeof value === "number" || typeof value === "boolean" ? value : textOf(value, what);
  }
}

/** Tags of which some stand for what OpenTelemetry keeps in fields. */
class Tags {
  readonly rest: MutableAttributes;

  constructor(tags: MutableAttributes) {
    this.rest = tags;
  }

  takeText(key: string): string {
    const value = this.rest[key];
    if (typeof value !== "string") return "";
    delete this.rest[key];
    return value;
  }

  takeCount(key: string): number {
    const value = this.rest[key];
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0) return 0;
    delete this.rest[key];
    return value;
  }

  takeStatus(): OtlpSpan["status"] {
    const message = this.takeText("otel.status_description");
    const text = this.takeText("otel.status_code");
    const isError = this.rest["error"] === true;
    if (isError) delete this.rest["error"];
    return { code: isError || text === "ERROR" ? 2 : text === "OK" ? 1 : 0, message };
  }
}
