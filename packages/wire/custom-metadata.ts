/** What clients may keep with an object (wire-compat 3.7). */
import { AisError } from "@ais/base/errors.ts";
import * as v from "valibot";
import { freeRecord } from "./free-record.ts";

export type CustomPairs = Readonly<Record<string, string>>;

/** Keys and values together, in bytes of UTF-8. */
export const CUSTOM_MD_MAX_BYTES = 2048;

/**
 * AIStore packs pairs with U+0001 between them. Other control characters could not travel in a header. Its other separator
 * is no text in UTF-8, so no JSON can hold it.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it looks for.
const RESERVED = /[\u0000-\u001f\u007f]/;

/** Null is an empty text, as Go reads it. */
const PairsSchema = freeRecord(v.nullable(v.string(), ""));

/** The value of a PATCH. Throws `badRequest` unless it is a map of text to text within the limits. */
export function parseCustomPairs(value: unknown): CustomPairs {
  const result = v.safeParse(PairsSchema, value ?? {});
  if (!result.success) {
    throw new AisError("badRequest", `invalid custom metadata: ${result.issues[0].message}`);
  }
  validateCustomPairs(result.output);
  return result.output;
}

/** Keys by which AIStore remembers what a remote store said of a content: of another content they would be lies. */
const OF_CONTENT: ReadonlySet<string> = new Set(["ETag", "md5", "crc32c", "LastModified", "Last-Modified"]);

/** After a PUT over an object with the pairs `old`: they stay, unless they describe the content. Throws beyond the limits. */
export function pairsAfterPut(old: CustomPairs, pairs: CustomPairs): CustomPairs {
  const kept = Object.entries(old).filter(([key]) => !OF_CONTENT.has(key));
  if (kept.length === 0) return pairs;
  const merged = Object.fromEntries([...kept, ...Object.entries(pairs)]);
  validateCustomPairs(merged);
  return merged;
}

export function validateCustomPairs(pairs: CustomPairs): void {
  let sizeBytes = 0;
  for (const [key, value] of Object.entries(pairs)) {
    if (key === "") throw new AisError("badRequest", `custom metadata: empty key (value "${value}")`);
    sizeBytes += utf8Bytes(key) + utf8Bytes(value);
    if (RESERVED.test(key) || RESERVED.test(value)) {
      throw new AisError(
        "badRequest",
        `custom metadata ${JSON.stringify(key)}: key or value contains a reserved symbol`,
      );
    }
  }
  if (sizeBytes > CUSTOM_MD_MAX_BYTES) {
    throw new AisError(
      "badRequest",
      `custom metadata has ${sizeBytes} bytes, more than ${CUSTOM_MD_MAX_BYTES}`,
    );
  }
}

function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}
