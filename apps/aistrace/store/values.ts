import type { OtlpAttributes, OtlpValue } from "@ais/tracing/otlp/types.ts";

/**
 * Attribute values as JSON. Plain JSON values stand for themselves; what JSON cannot say is an object with one key:
 * `$int` (decimal, outside the safe range), `$double` (not finite), `$bytes` (base64) or `$map`.
 */
export type StoredValue =
  | string
  | number
  | boolean
  | null
  | readonly StoredValue[]
  | { readonly $int: string }
  | { readonly $double: string }
  | { readonly $bytes: string }
  | { readonly $map: StoredAttributes };

/** Pairs and not an object, so that a key such as `__proto__` is a key like any other. */
export type StoredAttributes = readonly (readonly [string, StoredValue])[];

export function storeAttributes(attributes: OtlpAttributes): StoredAttributes {
  return Object.entries(attributes).map(([key, value]) => [key, storeValue(value)] as const);
}

function storeValue(value: OtlpValue): StoredValue {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : { $double: String(value) };
    case "bigint":
      return { $int: String(value) };
    default:
      if (value === null) return null;
      if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
      if (isList(value)) return value.map(storeValue);
      return { $map: storeAttributes(value) };
  }
}

// Array.isArray does not narrow a readonly array.
function isList(value: readonly OtlpValue[] | OtlpAttributes): value is readonly OtlpValue[] {
  return Array.isArray(value);
}

/** The value as text: what a search compares with, and what a viewer shows of lists and maps. */
export function valueText(value: StoredValue): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return value === null ? "" : String(value);
  if ("$int" in value) return value.$int;
  if ("$double" in value) return value.$double;
  if ("$bytes" in value) return value.$bytes;
  return JSON.stringify(plainValue(value));
}

function plainValue(value: StoredValue): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("$int" in value || "$double" in value || "$bytes" in value) return valueText(value);
  if ("$map" in value) return Object.fromEntries(value.$map.map(([key, item]) => [key, plainValue(item)]));
  return value.map(plainValue);
}
