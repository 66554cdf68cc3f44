/** What a PUT says about its object in headers (wire-compat 3.3). */
import { AisError } from "@ais/base/errors.ts";
import type { HttpRequest } from "@ais/node/http/types.ts";
import type { Checksum } from "@ais/storage/types.ts";
import { isChecksumType } from "@ais/wire/checksum.ts";
import { validateCustomPairs } from "@ais/wire/custom-metadata.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import { decodeHeaderText } from "./header-text.ts";

const CHECKSUM_TYPE_HEADER = HEADERS.checksumType.toLowerCase();
const CHECKSUM_VALUE_HEADER = HEADERS.checksumValue.toLowerCase();
const ATIME_HEADER = HEADERS.atime.toLowerCase();
const CUSTOM_HEADER = HEADERS.customMd.toLowerCase();
const NO_CUSTOM: Readonly<Record<string, string>> = {};
const CHECKSUM_VALUE = /^[0-9a-f]+$/;

/** The end-to-end checksum; null when the client sent none. */
export function expectedChecksum(request: HttpRequest): Checksum | null {
  const type = (request.header(CHECKSUM_TYPE_HEADER) ?? "").toLowerCase();
  const value = (request.header(CHECKSUM_VALUE_HEADER) ?? "").toLowerCase();
  if (type === "" && value === "") return null;
  if (!isChecksumType(type)) throw new AisError("badRequest", `invalid checksum type "${type}"`);
  if (type === "none" || value === "") return null;
  if (!CHECKSUM_VALUE.test(value)) throw new AisError("badRequest", `invalid checksum value "${value}"`);
  return { type, value };
}

/** Null when the client leaves the time to the target. */
export function accessTimeNs(request: HttpRequest): bigint | null {
  const text = request.header(ATIME_HEADER);
  if (text === null || text === "") return null;
  if (!/^\d{1,19}$/.test(text)) {
    throw new AisError(
      "badRequest",
      `invalid ${HEADERS.atime} "${text}", expecting nanoseconds since the epoch`,
    );
  }
  return BigInt(text);
}

export function customMetadata(request: HttpRequest): Readonly<Record<string, string>> {
  const lines = request.headerLines(CUSTOM_HEADER);
  if (lines.length === 0) return NO_CUSTOM;
  const pairs = new Map<string, string>();
  for (const value of lines) {
    const line = decodeHeaderText(value);
    const equals = line.indexOf("=");
    if (equals <= 0)
      throw new AisError("badRequest", `invalid ${HEADERS.customMd} "${line}", expecting "key=value"`);
    pairs.set(line.slice(0, equals), line.slice(equals + 1));
  }
  const custom = Object.fromEntries(pairs);
  validateCustomPairs(custom);
  return custom;
}
