import { actMsg } from "@ais/wire/act-msg.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import type { Bck } from "@ais/wire/bck.ts";
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { ENTRY_FLAGS, LSO_FLAGS, type LsoEntry } from "@ais/wire/lso.ts";
import { bucketPath } from "@ais/wire/paths.ts";
import { bucketQuery } from "./bucket-query.ts";
import type { Caller } from "./caller.ts";
import { numberAt, textAt, valueAt } from "./json-view.ts";

export interface ListObjectsOptions {
  readonly prefix?: string;
  /** Names of wire-compat 4.4; the cluster's default set when left out. */
  readonly props?: readonly string[];
  /** At most this many over all pages. */
  readonly limit?: number;
  /** The cluster's maximum when left out. */
  readonly pageSize?: number;
  /** Exclusive. */
  readonly startAfter?: string;
  /** Of the previous page; empty begins. */
  readonly continuationToken?: string;
  /** Of the previous page. */
  readonly uuid?: string;
  /** Names directly under the prefix, and directories as entries that end with `/`. */
  readonly noRecursion?: boolean;
  readonly nameOnly?: boolean;
  /** Objects with something wrong about their place too. */
  readonly all?: boolean;
  readonly signal?: AbortSignal;
}

export interface ListedEntry extends LsoEntry {
  readonly sizeBytes: number;
  readonly flags: number;
  readonly isDirectory: boolean;
  readonly isCached: boolean;
}

export interface ListPage {
  readonly uuid: string;
  /** Empty after the last page. */
  readonly continuationToken: string;
  readonly entries: readonly ListedEntry[];
}

export async function listObjectsPage(
  caller: Caller,
  bucket: Bck,
  options: ListObjectsOptions,
): Promise<ListPage> {
  if (!caller.transport.sendsBodyWithGet) {
    throw new TypeError("listing objects takes a GET with a body, which fetch refuses: use NodeTransport");
  }
  const reply = await caller.json({
    method: "GET",
    path: bucketPath(bucket.name),
    query: bucketQuery(bucket),
    headers: { [HEADERS.contentType]: CONTENT_TYPES.json, [HEADERS.accept]: "application/json" },
    body: encodeJson(actMsg(ACTIONS.list, requestValue(options))),
    signal: options.signal,
  });
  const entries = valueAt(reply, "entries");
  return {
    uuid: textAt(reply, "uuid"),
    continuationToken: textAt(reply, "continuation_token"),
    entries: Array.isArray(entries) ? entries.map(entryFromJson) : [],
  };
}

function requestValue(options: ListObjectsOptions): object {
  const { limit, pageSize = 0 } = options;
  const flags =
    (options.noRecursion === true ? LSO_FLAGS.noRecursion : 0) |
    (options.nameOnly === true ? LSO_FLAGS.nameOnly : 0) |
    (options.all === true ? LSO_FLAGS.missing : 0);
  return {
    uuid: options.uuid ?? "",
    props: options.props?.join(",") ?? "",
    prefix: options.prefix ?? "",
    start_after: options.startAfter ?? "",
    continuation_token: options.continuationToken ?? "",
    flags: String(flags),
    pagesize: limit !== undefined && (pageSize === 0 || limit < pageSize) ? limit : pageSize,
  };
}

function entryFromJson(json: unknown): ListedEntry {
  const flags = numberAt(json, "flags");
  return {
    name: textAt(json, "name"),
    sizeBytes: numberAt(json, "size"),
    checksum: textAt(json, "checksum"),
    atime: textAt(json, "atime"),
    version: textAt(json, "version"),
    location: textAt(json, "location"),
    custom: textAt(json, "custom-md"),
    copies: numberAt(json, "copies"),
    flags,
    isDirectory: (flags & ENTRY_FLAGS.directory) !== 0,
    isCached: (flags & ENTRY_FLAGS.cached) !== 0,
  };
}
