/** Object names and their form in URL paths (wire-compat 0.3). */
import { AisError } from "@ais/base/errors.ts";

/** Longest object name, in UTF-8 bytes. */
export const OBJECT_NAME_MAX_BYTES = 1024;

/**
 * Throws `badRequest` unless the name may be stored: not empty, well-formed Unicode within the limit, no `.` or `..`
 * element, no `~/` at the start, no `/` at the end, no NUL. Every other text is a name.
 */
export function validateObjectName(name: string): void {
  if (name === "") throw new AisError("badRequest", "object name is empty");
  if (name.length > OBJECT_NAME_MAX_BYTES || utf8Bytes(name) > OBJECT_NAME_MAX_BYTES) {
    throw invalid(name, `it is longer than ${OBJECT_NAME_MAX_BYTES} bytes`);
  }
  if (name.startsWith("~/")) throw invalid(name, 'it starts with "~/"');
  if (name.endsWith("/")) throw invalid(name, 'it ends with "/"');
  if (name.startsWith("/")) throw invalid(name, 'it starts with "/"');
  if (name.includes(".") && name.split("/").some((element) => element === "." || element === "..")) {
    throw invalid(name, 'it has a "." or ".." element');
  }
  if (name.includes("\0")) throw invalid(name, "it contains NUL");
  if (!name.isWellFormed()) throw invalid(name, "it is not well-formed Unicode");
}

/**
 * The name as the rest of a URL path: each segment percent-encoded, slashes kept. `decodeObjectPath` gives the name back
 * if `validateObjectName` accepts it. URL parsers fold segments `.` and `..` however they are escaped, so no valid name has
 * them. Throws `badRequest` on lone surrogates, which have no UTF-8.
 */
export function encodeObjectPath(name: string): string {
  if (NEEDS_NO_ESCAPES.test(name)) return name;
  if (!name.isWellFormed()) throw invalid(name, "it is not well-formed Unicode");
  return encodeURIComponent(name).replaceAll("%2F", "/");
}

/** The name in the raw rest of a path, without query: leading slashes dropped. Throws `badRequest` on malformed escapes. */
export function decodeObjectPath(rawPath: string): string {
  let start = 0;
  while (rawPath.charCodeAt(start) === SLASH) start++;
  const encoded = start === 0 ? rawPath : rawPath.slice(start);
  if (!encoded.includes("%")) return encoded;
  try {
    // An escaped slash at the start, which some clients send for names such as `/a`, counts like a plain one.
    return decodeURIComponent(encoded).replace(/^\/+/, "");
  } catch (cause) {
    throw new AisError("badRequest", `malformed percent-encoding in path "${rawPath}"`, { cause });
  }
}

/** Asked first: most names are such, and encoding one costs a multiple. */
const NEEDS_NO_ESCAPES = /^[A-Za-z0-9\-_.!~*'()/]*$/;
const SLASH = 0x2f;

function invalid(name: string, why: string): AisError {
  return new AisError("badRequest", `invalid object name ${JSON.stringify(shorten(name))}: ${why}`);
}

function shorten(name: string): string {
  return name.length > 100 ? `${name.slice(0, 100)}…` : name;
}

function utf8Bytes(text: string): number {
  // A UTF-16 unit is at most three bytes of UTF-8, which settles nearly every name without encoding it.
  return text.length * 3 <= OBJECT_NAME_MAX_BYTES ? 0 : new TextEncoder().encode(text).length;
}
