/** The call between proxy and target that fetches one target's part of a listing: `POST /v1/intra/list`. Ours alone. */
import { AisError } from "@ais/base/errors.ts";
import * as v from "valibot";
import type { Bck } from "./bck.ts";
import { PROVIDERS } from "./bck.ts";
import { decodeJson } from "./json.ts";
import type { LsoEntry } from "./lso.ts";

export interface ListPageRequest {
  readonly bucket: Bck;
  /** Decimal; a target whose bucket has another id refreshes its BMD first. */
  readonly bid: string;
  readonly prefix: string;
  /** Exclusive; empty starts at the beginning. */
  readonly after: string;
  readonly limit: number;
  /** Empty, or `/` for a listing without recursion. */
  readonly delimiter: string;
  /** Names of properties to fill in, as `listedProps` gives them. */
  readonly props: readonly string[];
  /** Go layout of `atime`. */
  readonly timeFormat: string;
  /** Of the listing that the page belongs to: its id as a job. */
  readonly listingId?: string;
}

export interface ListPageReply {
  /** In order of the UTF-8 bytes of the name; directories (flag 256) stand among the objects. */
  readonly entries: readonly LsoEntry[];
  /** True when the target may have more after the last name. */
  readonly more: boolean;
  /** Of the target's cluster map when it had listed: what it gave away before, it gave by this one or an older one. */
  readonly smapVersion: string;
}

/** A bucket in calls between nodes. */
export const BckSchema = v.object({
  name: v.string(),
  provider: v.picklist(PROVIDERS),
  namespace: v.object({ uuid: v.string(), name: v.string() }),
});

const RequestSchema = v.object({
  bucket: BckSchema,
  bid: v.pipe(v.string(), v.digits()),
  prefix: v.string(),
  after: v.string(),
  limit: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  delimiter: v.picklist(["", "/"]),
  props: v.array(v.string()),
  timeFormat: v.string(),
  listingId: v.exactOptional(v.string()),
});

const ReplySchema = v.object({
  // By hand: a schema of the entry costs more than decoding ten thousand of them.
  entries: v.custom<readonly LsoEntry[]>((value) => Array.isArray(value) && value.every(isEntry)),
  more: v.boolean(),
  smapVersion: v.pipe(v.string(), v.digits()),
});

function isEntry(value: unknown): value is LsoEntry {
  if (typeof value !== "object" || value === null) return false;
  const entry: { readonly [K in keyof LsoEntry]?: unknown } = value;
  return (
    typeof entry.name === "string" &&
    isAbsentOr("string", entry.checksum) &&
    isAbsentOr("string", entry.atime) &&
    isAbsentOr("string", entry.version) &&
    isAbsentOr("string", entry.location) &&
    isAbsentOr("string", entry.custom) &&
    isAbsentOr("number", entry.sizeBytes) &&
    isAbsentOr("number", entry.copies) &&
    isAbsentOr("number", entry.flags)
  );
}

function isAbsentOr(type: "string" | "number", value: unknown): boolean {
  return value === undefined || typeof value === type;
}

export function parseListPageRequest(text: string): ListPageRequest {
  return parse(RequestSchema, text, "list page request");
}

/** For replies in JSON; one in MessagePack goes through `checkListPageReply`. */
export function parseListPageReply(text: string): ListPageReply {
  return checkListPageReply(decodeJson(text));
}

export function checkListPageReply(value: unknown): ListPageReply {
  const result = v.safeParse(ReplySchema, value);
  if (result.success) return result.output;
  throw new AisError("internal", `invalid list page reply: ${result.issues[0].message}`);
}

function parse<T>(schema: v.GenericSchema<unknown, T>, text: string, what: string): T {
  const result = v.safeParse(schema, decodeJson(text));
  if (result.success) return result.output;
  throw new AisError("badRequest", `invalid ${what}: ${result.issues[0].message}`);
}
