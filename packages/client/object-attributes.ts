import { HEADERS } from "@ais/wire/headers.ts";
import { partJoinedPairs } from "@ais/wire/joined-pairs.ts";
import type { TransportResponse } from "./transport.ts";

/** What the headers of a GET, HEAD or PUT reply say of the object (wire-compat 3.2, 3.5). */
export interface ObjectAttributes {
  /** Null when the reply does not say: to PUT, or in a chunked transfer. */
  readonly sizeBytes: number | null;
  /** Empty when the bucket keeps no checksums. */
  readonly checksumType: string;
  /** Lower-case hex. Of the whole object, even in the reply to a range. */
  readonly checksumValue: string;
  /** Empty when the bucket is not versioned. */
  readonly version: string;
  /** Nanoseconds since the epoch; null when not sent. */
  readonly atimeNs: bigint | null;
  readonly custom: Readonly<Record<string, string>>;
  readonly present: boolean;
  /** `t[id]:mp[/path]`; empty when not asked for. */
  readonly location: string;
  /** RFC 1123 text; empty when not asked for. */
  readonly lastModified: string;
  /** Without quotes; empty when there is none. */
  readonly etag: string;
}

export function objectAttributes(response: TransportResponse): ObjectAttributes {
  const header = (name: string) => response.header(name.toLowerCase()) ?? "";
  const atime = header(HEADERS.atime);
  return {
    sizeBytes: wholeSize(header(HEADERS.contentRange), header(HEADERS.contentLength)),
    checksumType: header(HEADERS.checksumType),
    checksumValue: header(HEADERS.checksumValue),
    version: header(HEADERS.version),
    atimeNs: /^\d+$/.test(atime) ? BigInt(atime) : null,
    custom: customMetadata(response.headerLines(HEADERS.customMd.toLowerCase())),
    present: header(HEADERS.present) !== "false",
    location: header(HEADERS.location),
    lastModified: header(HEADERS.lastModified),
    etag: header(HEADERS.etag).replace(/^"|"$/g, ""),
  };
}

function wholeSize(contentRange: string, contentLength: string): number | null {
  const ofRange = /\/(\d+)$/.exec(contentRange)?.[1];
  const text = ofRange ?? contentLength;
  return text === "" ? null : Number(text);
}

function customMetadata(lines: readonly string[]): Readonly<Record<string, string>> {
  // Servers send a line for each pair, or, which is the same in HTTP, one line of them all.
  const single = lines.flatMap(partJoinedPairs);
  const pairs = single.map((line): [string, string] => {
    const equals = line.indexOf("=");
    return equals < 0 ? [line, ""] : [line.slice(0, equals), line.slice(equals + 1)];
  });
  return Object.fromEntries(pairs);
}
