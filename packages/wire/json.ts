/** JSON as AIStore speaks it (wire-compat 0.1): exact 64-bit integers, sorted keys, a newline at the end. */
import { AisError } from "@ais/base/errors.ts";

/** Sorted keys, bigint as a number, one newline at the end. Undefined members are left out, as in `JSON.stringify`. */
export function encodeJson(value: unknown): string {
  return `${stringify(value)}\n`;
}

function stringify(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(stringify).join(",")}]`;
  if (value instanceof Date) return JSON.stringify(value);
  let text = "";
  for (const key of Object.keys(value).sort()) {
    const member: unknown = (value as Record<string, unknown>)[key];
    if (member === undefined) continue;
    text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${stringify(member)}`;
  }
  return `{${text}}`;
}

// Only numbers of sixteen digits and more can exceed 2^53. Texts without any take the plain parser, several times as fast;
// strings of digits, which documents are full of, have a quote before them.
const MAY_HOLD_BIG_INTEGER = /[:,[\s-]\d{16}|^\d{16}/;

/** Integers beyond 2^53 come back as bigint, all others as number. Throws `badRequest` when the text is not JSON. */
export function decodeJson(text: string): unknown {
  try {
    return MAY_HOLD_BIG_INTEGER.test(text) ? JSON.parse(text, reviveBigInteger) : JSON.parse(text);
  } catch (cause) {
    throw new AisError("badRequest", "failed to parse JSON", { cause });
  }
}

function reviveBigInteger(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
}
