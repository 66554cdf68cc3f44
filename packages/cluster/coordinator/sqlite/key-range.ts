import { AisError } from "@ais/base/errors.ts";

export const MAX_KEY_BYTES = 1024;
export const MAX_VALUE_BYTES = 8 * 1024 * 1024;

/** Keys go through C strings and UTF-8: a NUL or half a surrogate pair would not come back as it went in. */
export function checkKey(key: string): void {
  if (key === "" || key.includes("\0") || !key.isWellFormed() || Buffer.byteLength(key) > MAX_KEY_BYTES) {
    const wanted = `1 to ${MAX_KEY_BYTES} bytes of well-formed text without NUL`;
    throw new AisError(
      "badRequest",
      `invalid coordinator key ${JSON.stringify(key.slice(0, 64))}, expecting ${wanted}`,
    );
  }
}

/** Returns the length of the value in bytes. */
export function checkValue(key: string, value: string): number {
  const bytes = Buffer.byteLength(value);
  if (bytes > MAX_VALUE_BYTES) {
    throw new AisError(
      "tooLarge",
      `value of key "${key}" has ${bytes} bytes, expecting at most ${MAX_VALUE_BYTES}`,
    );
  }
  if (value.includes("\0") || !value.isWellFormed()) {
    throw new AisError("badRequest", `value of key "${key}" is not well-formed text without NUL`);
  }
  return bytes;
}

/**
 * The least key that is greater than every key that starts with `prefix`, or null when there is none. UTF-8 keeps the
 * order of code points, so the last one that can grow grows.
 */
export function prefixEnd(prefix: string): string | null {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === 0x10ffff) continue;
    const next = last === 0xd7ff ? 0xe000 : last + 1;
    return String.fromCodePoint(...points, next);
  }
  return null;
}
