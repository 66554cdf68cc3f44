import { AisError } from "@ais/base/errors.ts";
import { DecodeBudget } from "@ais/tracing/otlp/budget.ts";
import { decodeExportJson } from "@ais/tracing/otlp/json.ts";
import type { OtlpResourceSpans } from "@ais/tracing/otlp/types.ts";
import { decodeJaegerTraces } from "./jaeger-json.ts";

/** A file of the largest size has fewer, unless it is made to have more. */
const MAX_ITEMS = 10_000_000;

/**
 * A file of traces, already parsed: Jaeger's JSON (a reply of its API, a list of traces, or one trace) or OTLP's (also as
 * the reply of Jaeger's third API, under `result`). Throws `badRequest` when it is neither.
 */
export function decodeTraceFile(value: unknown): readonly OtlpResourceSpans[] {
  if (Array.isArray(value))
    return value.length > 0 && value.every(hasResourceSpans) ? value.flatMap(otlp) : jaeger(value);
  if (!isObject(value)) throw unknownForm();
  if (hasResourceSpans(value)) return otlp(value);
  if (hasResourceSpans(value["result"])) return otlp(value["result"]);
  if (Array.isArray(value["data"])) return jaeger(value["data"]);
  return jaeger([value]);
}

function otlp(value: unknown): readonly OtlpResourceSpans[] {
  return decodeExportJson(value, new DecodeBudget(MAX_ITEMS));
}

function jaeger(traces: readonly unknown[]): readonly OtlpResourceSpans[] {
  const isJaeger =
    traces.length > 0 && traces.every((trace) => isObject(trace) && Array.isArray(trace["spans"]));
  if (!isJaeger) throw unknownForm();
  return decodeJaegerTraces(traces, new DecodeBudget(MAX_ITEMS));
}

function hasResourceSpans(value: unknown): boolean {
  return isObject(value) && Array.isArray(value["resourceSpans"]);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unknownForm(): AisError {
  return new AisError(
    "badRequest",
    'this is neither Jaeger\'s JSON ("data" or "spans") nor OTLP\'s ("resourceSpans")',
  );
}
