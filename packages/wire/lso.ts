/** List objects: request, entries and reply (wire-compat 4.4, 4.5). */
import { AisError } from "@ais/base/errors.ts";
import * as v from "valibot";
import { lowerCaseKeys } from "./act-msg.ts";

export const LSO_FLAGS = {
  cached: 1,
  missing: 2,
  deleted: 4,
  archiveDirectory: 8,
  nameOnly: 16,
  nameSize: 32,
  bucketPresent: 64,
  dontHeadRemote: 128,
  dontAddRemote: 256,
  notCached: 512,
  wantOnlyRemoteProps: 1024,
  noRecursion: 2048,
  diff: 4096,
  noDirectories: 8192,
  isS3: 16_384,
  inventory: 32_768,
} as const;

/** Bits of an entry's `flags`; the low five are its status, 0 being fine. */
export const ENTRY_FLAGS = {
  statusMask: 31,
  /** Status of an object at a target that does not own it. */
  misplaced: 1,
  cached: 64,
  inArchive: 128,
  directory: 256,
  isArchive: 512,
  versionChanged: 1024,
  versionRemoved: 2048,
  headFailed: 4096,
  chunked: 8192,
} as const;

export const LSO_PROPS = [
  "name",
  "size",
  "version",
  "checksum",
  "atime",
  "cached",
  "status",
  "copies",
  "ec",
  "custom",
  "location",
  "chunked",
  "last-modified",
  "etag",
] as const;
export type LsoProp = (typeof LSO_PROPS)[number];

/** Largest page of an ais bucket; a page size of 0 asks for it. */
export const LSO_PAGE_SIZE_MAX = 10_000;

/** RFC 822 in the words of a Go layout. */
export const DEFAULT_TIME_FORMAT = "02 Jan 06 15:04 MST";

export interface LsoMsg {
  /** Id of the listing, empty on the first page. */
  readonly uuid: string;
  /** Comma list of `LSO_PROPS`; empty takes the default set. */
  readonly props: string;
  /** Go layout of `atime`. */
  readonly timeFormat: string;
  readonly prefix: string;
  readonly startAfter: string;
  readonly continuationToken: string;
  readonly target: string;
  /** Bits of `LSO_FLAGS`. */
  readonly flags: number;
  /** From 1 to `LSO_PAGE_SIZE_MAX`. */
  readonly pageSize: number;
}

export interface LsoEntry {
  readonly name: string;
  /** The value alone, without its type. */
  readonly checksum?: string;
  /** Already formatted. */
  readonly atime?: string;
  readonly version?: string;
  /** `t[id]:/mountpath`. */
  readonly location?: string;
  /** `[k:v k2:v2]`. */
  readonly custom?: string;
  readonly sizeBytes?: number;
  readonly copies?: number;
  /** Bits of `ENTRY_FLAGS`. */
  readonly flags?: number;
}

export interface LsoResult {
  readonly uuid: string;
  /** Last name of the page; empty ends the listing. */
  readonly continuationToken: string;
  readonly entries: readonly LsoEntry[];
  readonly flags: number;
}

const text = v.nullish(v.string(), "");
const flags = v.pipe(
  v.nullish(v.union([v.string(), v.number()]), 0),
  v.check((value) => /^\d+$/.test(String(value)), "expecting an unsigned integer"),
  v.transform(Number),
  v.safeInteger("unknown bits are set"),
);

const LsoSchema = v.strictObject({
  hdr: v.nullish(v.unknown()),
  uuid: text,
  props: text,
  time_format: text,
  prefix: text,
  start_after: text,
  continuation_token: text,
  target: text,
  flags,
  pagesize: v.nullish(
    v.pipe(v.number(), v.safeInteger(), v.minValue(0, "page size must not be negative")),
    0,
  ),
});

/** The value of a `list` message. Keys match in any case, null and absent members take their defaults,
 * unknown ones are refused. */
export function parseLsoMsg(value: unknown): LsoMsg {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AisError("badRequest", "invalid list-objects message: expecting a JSON object");
  }
  const result = v.safeParse(LsoSchema, lowerCaseKeys(value));
  if (!result.success) {
    const issue = result.issues[0];
    throw new AisError(
      "badRequest",
      `invalid list-objects message: "${v.getDotPath(issue) ?? ""}": ${issue.message}`,
    );
  }
  const msg = result.output;
  return {
    uuid: msg.uuid,
    props: msg.props,
    timeFormat: msg.time_format === "" ? DEFAULT_TIME_FORMAT : msg.time_format,
    prefix: withoutWildcard(msg.prefix),
    startAfter: msg.start_after,
    continuationToken: msg.continuation_token,
    target: msg.target,
    flags: msg.flags,
    pageSize: msg.pagesize === 0 ? LSO_PAGE_SIZE_MAX : Math.min(msg.pagesize, LSO_PAGE_SIZE_MAX),
  };
}

/** A prefix may end in `*`, which says no more than its absence. */
export function withoutWildcard(prefix: string): string {
  return prefix.endsWith("*") ? prefix.slice(0, -1) : prefix;
}

export function hasFlag(msg: Pick<LsoMsg, "flags">, flag: keyof typeof LSO_FLAGS): boolean {
  return (msg.flags & LSO_FLAGS[flag]) !== 0;
}

/** The properties to fill in: what was asked for, or the default set. Unknown names are passed over, as AIStore does. */
export function listedProps(msg: LsoMsg): ReadonlySet<LsoProp> {
  if (hasFlag(msg, "nameOnly")) return new Set(["name"]);
  if (hasFlag(msg, "nameSize")) return new Set(["name", "size"]);
  if (msg.props.trim() === "") {
    return new Set(
      hasFlag(msg, "cached") ? ["name", "size", "checksum", "atime"] : ["name", "size", "cached"],
    );
  }
  const props = new Set<LsoProp>(["name"]);
  for (const item of msg.props.split(",")) {
    const name = item.trim().toLowerCase();
    const prop = LSO_PROPS.find((candidate) => candidate === name);
    if (prop !== undefined) props.add(prop);
  }
  return props;
}

/** The JSON reply; members that are empty or zero are left out of entries. Goes through `encodeJson`. */
export function lsoToJson(result: LsoResult): object {
  return {
    uuid: result.uuid,
    continuation_token: result.continuationToken,
    entries: result.entries.map((entry) => ({
      name: entry.name,
      ...(entry.checksum ? { checksum: entry.checksum } : {}),
      ...(entry.atime ? { atime: entry.atime } : {}),
      ...(entry.version ? { version: entry.version } : {}),
      ...(entry.location ? { location: entry.location } : {}),
      ...(entry.custom ? { "custom-md": entry.custom } : {}),
      ...(entry.sizeBytes ? { size: String(entry.sizeBytes) } : {}),
      ...(entry.copies ? { copies: entry.copies } : {}),
      ...(entry.flags ? { flags: entry.flags } : {}),
    })),
    flags: result.flags,
  };
}

/** The object whose MessagePack form, keys in this order, is the reply that the Python SDK decodes. */
export function lsoToMsgpackObject(result: LsoResult): object {
  return {
    UUID: result.uuid,
    ContinuationToken: result.continuationToken,
    Entries: result.entries.map(entryToMsgpackObject),
    Flags: result.flags,
  };
}

function entryToMsgpackObject(entry: LsoEntry): object {
  const packed: Record<string, string | number> = { n: entry.name };
  if (entry.checksum) packed.cs = entry.checksum;
  if (entry.atime) packed.a = entry.atime;
  if (entry.version) packed.v = entry.version;
  if (entry.location) packed.t = entry.location;
  if (entry.custom) packed.m = entry.custom;
  if (entry.sizeBytes) packed.s = entry.sizeBytes;
  if (entry.copies) packed.c = entry.copies;
  if (entry.flags) packed.f = entry.flags;
  return packed;
}

/** `[k:v k2:v2]`, the text of `custom` in listings; empty for no metadata. Sorted by key. */
export function formatCustom(custom: Readonly<Record<string, string>>): string {
  const keys = Object.keys(custom).sort();
  return keys.length === 0 ? "" : `[${keys.map((key) => `${key}:${custom[key]}`).join(" ")}]`;
}
