/** `intra.list`: this target's part of one page of a listing. */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { withSpanNow } from "@ais/storage/failed-span.ts";
import type { ListedObject, ListPage } from "@ais/storage/types.ts";
import { type Bck, bucketUname } from "@ais/wire/bck.ts";
import { findBucket } from "@ais/wire/bmd.ts";
import { bucketId } from "@ais/wire/bprops.ts";
import { formatGoLayout } from "@ais/wire/go-time.ts";
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import { type ListPageReply, type ListPageRequest, parseListPageRequest } from "@ais/wire/list-page.ts";
import { ENTRY_FLAGS, formatCustom, type LsoEntry, type LsoProp } from "@ais/wire/lso.ts";
import { isSettled } from "@ais/wire/rmd.ts";
import { nodeName } from "@ais/wire/smap.ts";
import { Packr } from "msgpackr";
import { locateBucket } from "../locate.ts";
import { entityTag, locationText } from "../object-headers.ts";
import { wholeBody } from "../request-body.ts";
import type { TargetServices } from "../services.ts";

const REQUEST_MAX_BYTES = 64 * 1024;
/**
 * Ten thousand entries in MessagePack take a third of the time that they take in JSON. As records, which name the members
 * of all entries once, they take the proxy a seventh of the time that maps take.
 */
const packr = new Packr({ useRecords: true });

export async function intraList(call: Call, services: TargetServices): Promise<HttpReply> {
  const { snapshot, span } = call;
  const page = parseListPageRequest(new TextDecoder().decode(await wholeBody(call, REQUEST_MAX_BYTES)));
  const isOtherBucket = findBucket(snapshot.bmd, page.bucket)?.bid !== page.bid;
  const { props } = await locateBucket(page.bucket, isOtherBucket, snapshot, services, span);
  const { prefix, after, limit, delimiter } = page;
  const listed = await services.store.list(bucketId(props), { prefix, after, limit, delimiter }, span);
  const misplaced = isSettled(snapshot) ? null : misplacedIn(page.bucket, services);
  const { body, count } = withSpanNow(span, "ais.list.encode", () => {
    const entries = entriesOf(listed, page, misplaced, services);
    const smapVersion = services.member.snapshot.smap.version;
    const reply: ListPageReply = { entries, more: listed.more, smapVersion };
    return { body: packr.pack(reply), count: entries.length };
  });
  if (page.listingId !== undefined) services.listingJobs.page(page.listingId, page.bucket, page.bid, count);
  span.set("ais.list.entries", count);
  return {
    status: 200,
    headers: [[HEADERS.contentType, CONTENT_TYPES.msgpack]],
    body,
  };
}

/** Objects and directories in one order, that of the UTF-8 bytes of their names. */
function entriesOf(
  listed: ListPage,
  page: ListPageRequest,
  misplaced: IsMisplaced | null,
  services: TargetServices,
): LsoEntry[] {
  const wanted = wantedOf(page, locationsOf(services));
  const objects = listed.objects.map((object) => {
    const entry = entryOf(object, wanted);
    if (misplaced === null || !misplaced(object.objectName)) return entry;
    return { ...entry, flags: (entry.flags ?? 0) | ENTRY_FLAGS.misplaced };
  });
  if (listed.directories.length === 0) return objects;
  const directories = listed.directories.map((name): LsoEntry => ({ name, flags: ENTRY_FLAGS.directory }));
  return [...objects, ...directories]
    .map((entry) => ({ entry, bytes: Buffer.from(entry.name) }))
    .sort((left, right) => Buffer.compare(left.bytes, right.bytes))
    .map(({ entry }) => entry);
}

/** Whether another target owns the object: of two copies of one that moves, the owner's counts. */
type IsMisplaced = (objectName: string) => boolean;

function misplacedIn(bucket: Bck, { handOver, facts }: TargetServices): IsMisplaced {
  const prefix = bucketUname(bucket);
  return (objectName) => handOver.ownerOf(prefix + objectName)?.daemon_id !== facts.id;
}

/** What the entries of a page have, looked up once a page. */
interface Wanted {
  readonly timeFormat: string;
  /** Of objects, by mountpath. */
  readonly locations: ReadonlyMap<string, string>;
  readonly size: boolean;
  readonly checksum: boolean;
  readonly atime: boolean;
  readonly version: boolean;
  readonly location: boolean;
  readonly copies: boolean;
  readonly chunked: boolean;
  readonly custom: boolean;
  readonly etag: boolean;
  readonly lastModified: boolean;
}

/** As `Ais-Location` of a single object has it. */
function locationsOf({ member, store }: TargetServices): ReadonlyMap<string, string> {
  const node = nodeName(member.self);
  return new Map(store.capacity().map(({ path, device }) => [path, locationText(node, path, device)]));
}

function wantedOf({ props, timeFormat }: ListPageRequest, locations: Wanted["locations"]): Wanted {
  const has = (prop: LsoProp): boolean => props.includes(prop);
  return {
    timeFormat,
    locations,
    size: has("size"),
    checksum: has("checksum"),
    atime: has("atime"),
    version: has("version"),
    location: has("location"),
    copies: has("copies"),
    // Of names alone nothing else is told, as in AIStore.
    chunked: props.length > 1,
    custom: has("custom"),
    etag: has("etag"),
    lastModified: has("last-modified"),
  };
}

function entryOf({ objectName, attributes }: ListedObject, wanted: Wanted): LsoEntry {
  const isChunked = wanted.chunked && attributes.parts !== undefined;
  const entry: { -readonly [K in keyof LsoEntry]: LsoEntry[K] } = {
    name: objectName,
    flags: ENTRY_FLAGS.cached | (isChunked ? ENTRY_FLAGS.chunked : 0),
  };
  if (wanted.size) entry.sizeBytes = attributes.sizeBytes;
  if (wanted.checksum) entry.checksum = attributes.checksum?.value ?? "";
  if (wanted.atime) entry.atime = formatGoLayout(wanted.timeFormat, attributes.atimeNs);
  if (wanted.version) entry.version = attributes.version;
  if (wanted.location) entry.location = wanted.locations.get(attributes.mountpath) ?? "";
  if (wanted.copies) entry.copies = 1;
  if (wanted.custom || wanted.etag || wanted.lastModified) entry.custom = customText(attributes, wanted);
  return entry;
}

/** Entity tag and time of the last change travel as custom metadata in listings. */
function customText(attributes: ListedObject["attributes"], wanted: Wanted): string {
  const pairs: Record<string, string> = wanted.custom ? { ...attributes.custom } : {};
  const etag = wanted.etag ? entityTag(attributes) : null;
  if (etag !== null) pairs["ETag"] = etag;
  if (wanted.lastModified) pairs["LastModified"] = formatGoLayout(wanted.timeFormat, attributes.createdNs);
  return formatCustom(pairs);
}
