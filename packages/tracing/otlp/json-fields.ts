/** Typed reading of parsed JSON, in the spellings of proto3's JSON mapping. Wrong shapes throw `badRequest`. */
import { AisError } from "@ais/base/errors.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** An absent or null member is an empty object. */
export function objectOf(value: unknown, what: string): JsonObject {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw wrong(what, "an object", value);
  return value as JsonObject;
}

/** An absent or null member is an empty list. */
export function listOf(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrong(what, "a list", value);
  return value;
}

export function textOf(value: unknown, what: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value !== "string") throw wrong(what, "a text", value);
  return value;
}

/** Hex in either case, of `digits` digits or empty. */
export function hexOf(value: unknown, digits: number, what: string): string {
  const text = textOf(value, what).toLowerCase();
  if (text !== "" && (text.length !== digits || !/^[0-9a-f]+$/.test(text))) {
    throw wrong(what, `${digits} hex digits`, value);
  }
  return text;
}

/** A whole number from 0 to 2^32 - 1, as number or text. */
export function uint32Of(value: unknown, what: string): number {
  if (value === undefined || value === null) return 0;
  const number = typeof value === "string" && /^\d{1,10}$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number) || number < 0 || number >= 2 ** 32) {
    throw wrong(what, "a whole number", value);
  }
  return number;
}

/** A 64-bit integer, as text (the mapping's way) or number. */
export function int64Of(value: unknown, what: string): bigint {
  if (typeof value === "number" && Number.isInteger(value)) return BigInt.asIntN(64, BigInt(value));
  if (typeof value === "string" && /^-?\d{1,20}$/.test(value)) return BigInt.asIntN(64, BigInt(value));
  throw wrong(what, "a 64-bit integer", value);
}

/** Nanoseconds since the epoch; absent is 0. */
export function nanosOf(value: unknown, what: string): bigint {
  return value === undefined || value === null ? 0n : BigInt.asUintN(64, int64Of(value, what));
}

/** A double; infinities and NaN come as text. */
export function doubleOf(value: unknown, what: string): number {
  if (typeof value === "number") return value;
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  if (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)))
    return Number(value);
  throw wrong(what, "a number", value);
}

/** An enum value, as number (OTLP's way) or by the name in `names`. */
export function enumOf(value: unknown, names: readonly string[], what: string): number {
  const named = typeof value === "string" ? names.indexOf(value) : -1;
  return named >= 0 ? named : uint32Of(value, what);
}

export function wrong(what: string, wanted: string, value: unknown): AisError {
  const kind = value === null ? "null" : Array.isArray(value) ? "a list" : typeof value;
  const shown = typeof value === "string" ? ` "${value.slice(0, 80)}"` : "";
  return new AisError("badRequest", `malformed JSON of traces: "${what}" is ${kind}${shown}, not ${wanted}`);
}
