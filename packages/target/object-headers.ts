/** The headers by which an object is described in replies to GET, HEAD and PUT (wire-compat 3.2). */
import type { ObjectAttributes } from "@ais/storage/types.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import { encodeHeaderText } from "./header-text.ts";

/** Key of custom metadata that holds the entity tag of whoever stored the object first. */
const CUSTOM_ETAG = "ETag";

export function objectHeaders(attributes: ObjectAttributes): [string, string][] {
  const headers: [string, string][] = [];
  addObjectHeaders(headers, attributes);
  return headers;
}

export function addObjectHeaders(headers: [string, string][], attributes: ObjectAttributes): void {
  const { checksum, version, custom, atimeNs } = attributes;
  if (checksum !== null) {
    headers.push([HEADERS.checksumType, checksum.type], [HEADERS.checksumValue, checksum.value]);
  }
  headers.push([HEADERS.atime, atimeNs.toString()]);
  if (version !== "") headers.push([HEADERS.version, version]);
  for (const key in custom) {
    headers.push([HEADERS.customMd, encodeHeaderText(`${key}=${custom[key]}`)]);
  }
  const etag = custom[CUSTOM_ETAG];
  if (etag !== undefined) headers.push([HEADERS.etag, encodeHeaderText(etag)]);
}

export function checksumHeaders({ checksum }: ObjectAttributes): [string, string][] {
  if (checksum === null) return [];
  return [
    [HEADERS.checksumType, checksum.type],
    [HEADERS.checksumValue, checksum.value],
  ];
}

/** One line for each pair. */
export function customHeaders({ custom }: ObjectAttributes): [string, string][] {
  return Object.entries(custom).map(([key, value]): [string, string] => [
    HEADERS.customMd,
    encodeHeaderText(`${key}=${value}`),
  ]);
}

/** `t[id]:mp[/mountpath, device]`. */
export function locationText(node: string, mountpath: string, device: string): string {
  return `${node}:mp[${mountpath}, ${device}]`;
}

/** The stored entity tag, or one made of the content's checksum (wire-compat 3.5); null without either. */
export function entityTag({ custom, checksum, createdNs }: ObjectAttributes): string | null {
  const stored = custom[CUSTOM_ETAG];
  if (stored !== undefined) return stored;
  if (checksum === null) return null;
  return checksum.type === "md5" ? checksum.value : `v1-${checksum.value}-${createdNs.toString(36)}`;
}
