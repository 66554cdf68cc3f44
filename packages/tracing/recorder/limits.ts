import type { AttributeValue } from "../types.ts";
import { type Env, envNumber } from "./env-number.ts";

/** What one span may hold. Everything over it is left out or cut, and counted. */
export interface SpanLimits {
  readonly attributes: number;
  readonly events: number;
  readonly links: number;
  readonly attributesPerEvent: number;
  readonly attributesPerLink: number;
  readonly valueLengthChars: number;
  readonly keyLengthChars: number;
  readonly arrayItems: number;
  /** All keys and texts of a span together: bounds what a span holds in memory and what it encodes to. */
  readonly spanChars: number;
}

const DEFAULT_COUNT = 128;
const DEFAULT_VALUE_CHARS = 4096;
const MAX_COUNT = 1024;
const MAX_VALUE_CHARS = 65_536;
const KEY_CHARS = 256;
const ARRAY_ITEMS = 128;
const SPAN_CHARS = 262_144;

/** OpenTelemetry's `OTEL_*_LIMIT` variables over our defaults, up to what the size limit of a span allows. */
export function spanLimits(env: Env): SpanLimits {
  const count = (...names: string[]): number => envNumber(env, names, DEFAULT_COUNT, 0, MAX_COUNT);
  return {
    attributes: count("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"),
    events: count("OTEL_SPAN_EVENT_COUNT_LIMIT"),
    links: count("OTEL_SPAN_LINK_COUNT_LIMIT"),
    attributesPerEvent: count("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT"),
    attributesPerLink: count("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT"),
    valueLengthChars: envNumber(
      env,
      ["OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"],
      DEFAULT_VALUE_CHARS,
      0,
      MAX_VALUE_CHARS,
    ),
    keyLengthChars: KEY_CHARS,
    arrayItems: ARRAY_ITEMS,
    spanChars: SPAN_CHARS,
  };
}

/** `text` of at most `chars` characters, without half of a surrogate pair at its end. */
export function cutText(text: string, chars: number): string {
  if (text.length <= chars) return text;
  const last = text.charCodeAt(chars - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? chars - 1 : chars);
}

/**
 * A copy of an array value within the limits, and whether that took anything away. Items that are no strings, numbers or
 * booleans are left out.
 */
export function cutArray(
  items: readonly unknown[],
  limits: SpanLimits,
): { readonly kept: AttributeValue; readonly cut: boolean } {
  const kept: (string | number | boolean)[] = [];
  let cut = items.length > limits.arrayItems;
  for (const item of items.slice(0, limits.arrayItems)) {
    if (typeof item === "string") {
      kept.push(cutText(item, limits.valueLengthChars));
      cut ||= item.length > limits.valueLengthChars;
    } else if (typeof item === "number" || typeof item === "boolean") kept.push(item);
  }
  return { kept: kept as AttributeValue, cut };
}

/** Characters that a value keeps alive; numbers and flags count as eight. */
export function valueChars(value: AttributeValue): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object") return 8;
  let chars = 0;
  for (const item of value) chars += typeof item === "string" ? item.length + 8 : 8;
  return chars;
}
