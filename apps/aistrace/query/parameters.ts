import { AisError, errorText } from "@ais/base/errors.ts";
import { parseDurationNs } from "@ais/base/units.ts";
import type { TraceOrder, TraceSearch } from "../store/search.ts";
import { parseTraceId } from "./trace-id.ts";

export const DEFAULT_LIMIT = 100;
export const MAX_LIMIT = 1500;
/** As far back as Jaeger looks when no start is given. */
const DEFAULT_LOOKBACK_MS = 48 * 3600 * 1000;
const US_PER_MS = 1000;

export interface SearchParameters {
  readonly search: TraceSearch;
  /** When there are any, they are all that is asked. */
  readonly traceIds: readonly string[];
}

/** The parameters of a search, checked as Jaeger's query service checks them. Throws `badRequest`. */
export function searchParameters(query: URLSearchParams, nowMs: number): SearchParameters {
  const minDurationNs = durationNs(query, "minDuration") ?? 0;
  const maxDurationNs = durationNs(query, "maxDuration") ?? 0;
  if (minDurationNs !== 0 && maxDurationNs !== 0 && maxDurationNs < minDurationNs) {
    throw new AisError("badRequest", "'maxDuration' should be greater than 'minDuration'");
  }
  const tags = tagFilters(query.getAll("tag"), query.getAll("tags"));
  // Spans that failed have an index of their own, so this tag is a condition of its own.
  const errorsOnly = tags.get("error") === "true" || query.get("error") === "true";
  if (errorsOnly) tags.delete("error");
  return {
    search: {
      service: query.get("service") ?? "",
      operation: query.get("operation") ?? "",
      tags,
      errorsOnly,
      minDurationNs,
      maxDurationNs: maxDurationNs === 0 ? Number.MAX_SAFE_INTEGER : maxDurationNs,
      startUs: integer(query, "start") ?? (nowMs - lookbackMs(query)) * US_PER_MS,
      endUs: integer(query, "end") ?? nowMs * US_PER_MS,
      order: order(query),
      limit: limit(query),
    },
    traceIds: query.getAll("traceID").map((id) => parseTraceId(id, "cannot parse traceID param: ")),
  };
}

/** Jaeger cannot search without a service; aistrace's own calls can. */
export function requireService(parameters: SearchParameters): void {
  if (parameters.traceIds.length === 0 && parameters.search.service === "") {
    throw new AisError("badRequest", "parameter 'service' is required");
  }
}

/** Null when absent or empty. Throws `badRequest` when it is not an integer. */
export function integer(query: URLSearchParams, name: string): number | null {
  const text = query.get(name) ?? "";
  if (text === "") return null;
  if (!/^[+-]?\d+$/.test(text)) {
    throw new AisError("badRequest", `unable to parse param '${name}': "${text}" is not an integer`);
  }
  const value = Number(text);
  return Math.min(Math.max(value, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

/** Jaeger's storage refuses what is below 1, and says of it that the server has failed, which it has not. */
function limit(query: URLSearchParams): number {
  const value = integer(query, "limit") ?? DEFAULT_LIMIT;
  if (value < 1) throw new AisError("badRequest", `unable to parse param 'limit': ${value} is less than 1`);
  return Math.min(value, MAX_LIMIT);
}

/** Not a parameter of Jaeger's, whose traces are always the latest. */
function order(query: URLSearchParams): TraceOrder {
  const text = query.get("order") ?? "";
  if (text === "" || text === "latest") return "latest";
  if (text === "longest") return "longest";
  throw new AisError("badRequest", `unable to parse param 'order': "${text}" is neither latest nor longest`);
}

function durationNs(query: URLSearchParams, name: string): number | null {
  const text = query.get(name) ?? "";
  if (text === "") return null;
  try {
    return Math.min(Number(parseDurationNs(text)), Number.MAX_SAFE_INTEGER);
  } catch (error) {
    throw new AisError("badRequest", `unable to parse param '${name}': ${errorText(error)}`);
  }
}

/** Jaeger's page sends `lookback` beside start and end, as `1h`, `2d` or `custom`; it counts only when start is absent. */
export function lookbackMs(query: URLSearchParams, otherwiseMs = DEFAULT_LOOKBACK_MS): number {
  const match = /^(\d+)(ms|s|m|h|d|w)$/.exec(query.get("lookback") ?? "");
  if (match === null) return otherwiseMs;
  const unitMs =
    { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }[match[2] ?? ""] ?? 1;
  return Number(match[1]) * unitMs;
}

/** `tag=key:value`, repeatable, and `tags={"key":"value"}`. */
function tagFilters(simple: readonly string[], json: readonly string[]): Map<string, string> {
  const tags = new Map<string, string>();
  for (const text of simple) {
    const colon = text.indexOf(":");
    if (colon < 0) {
      throw new AisError("badRequest", `malformed 'tag' parameter, expecting key:value, received: ${text}`);
    }
    tags.set(text.slice(0, colon), text.slice(colon + 1));
  }
  for (const text of json.filter((item) => item !== "")) {
    for (const [key, value] of Object.entries(parseTagsJson(text))) {
      if (typeof value !== "string") {
        throw new AisError("badRequest", `malformed 'tags' parameter, the value of "${key}" is not a string`);
      }
      tags.set(key, value);
    }
  }
  return tags;
}

function parseTagsJson(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new AisError(
      "badRequest",
      `malformed 'tags' parameter, cannot unmarshal JSON: ${errorText(error)}`,
    );
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new AisError("badRequest", "malformed 'tags' parameter, expecting a JSON object of strings");
}
