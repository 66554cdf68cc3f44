/** `object.head`, both versions (wire-compat 3.5). */
import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import type { ObjectAttributes } from "@ais/storage/types.ts";
import { objectCname } from "@ais/wire/bck.ts";
import { objectNotFound } from "@ais/wire/error-texts.ts";
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import { PRESENCE, QUERY } from "@ais/wire/queries.ts";
import { nodeName } from "@ais/wire/smap.ts";
import { encodeHeaderText } from "../header-text.ts";
import { type LocatedObject, locateObject } from "../locate.ts";
import { checksumHeaders, customHeaders, entityTag, locationText, objectHeaders } from "../object-headers.ts";
import type { TargetServices } from "../services.ts";

type HeaderList = [string, string][];
type PropWriter = (attributes: ObjectAttributes, services: TargetServices) => HeaderList;

/** What each name of `props` adds. An object here has one copy; chunks are the parts of its upload. */
const PROPS: Readonly<Record<string, PropWriter>> = {
  name: () => [],
  size: () => [],
  checksum: checksumHeaders,
  atime: ({ atimeNs }) => [[HEADERS.atime, atimeNs.toString()]],
  version: ({ version }) => (version === "" ? [] : [[HEADERS.version, version]]),
  custom: customHeaders,
  "last-modified": ({ createdNs }) => [
    [HEADERS.lastModified, new Date(Number(createdNs / 1_000_000n)).toUTCString()],
  ],
  etag(attributes) {
    const etag = entityTag(attributes);
    return etag === null ? [] : [[HEADERS.etag, `"${etag.replaceAll('"', "")}"`]];
  },
  location: (attributes, services) => [[HEADERS.location, placeOf(attributes, services)]],
  copies: ({ mountpath }) => [
    [HEADERS.mirrorCopies, "1"],
    [HEADERS.mirrorPaths, mountpath],
  ],
  ec: () => [],
  chunked: ({ parts }) =>
    parts === undefined
      ? []
      : [
          [HEADERS.chunksCount, String(parts.count)],
          [HEADERS.chunksMaxSize, String(parts.largestBytes)],
        ],
};

/** Waits for nothing, and then gives no promise, when the bucket is known. */
export function objectHead(call: Call, services: TargetServices): HttpReply | Promise<HttpReply> {
  const { query } = call;
  const props = query.get(QUERY.props) ?? "";
  const writers = props === "" ? null : parseProps(props);
  const object = locateObject(call, services);
  return object instanceof Promise
    ? object.then((located) => headLocated(call, located, writers, services))
    : headLocated(call, object, writers, services);
}

function headLocated(
  call: Call,
  object: LocatedObject,
  writers: readonly PropWriter[] | null,
  services: TargetServices,
): HttpReply | Promise<HttpReply> {
  const reply = (attributes: ObjectAttributes | null): HttpReply =>
    headReply(call, object, writers, attributes, services);
  const found = services.store.head(object.key, call.span);
  return found instanceof Promise ? found.then(reply) : reply(found);
}

function headReply(
  { query, objectName }: Call,
  object: LocatedObject,
  writers: readonly PropWriter[] | null,
  attributes: ObjectAttributes | null,
  services: TargetServices,
): HttpReply {
  const presence = Number(query.get(QUERY.presence) ?? 0);
  if (attributes === null) throw objectNotFound(object.bucket, objectName);
  if (presence === PRESENCE.existsOutside) {
    const cname = objectCname(object.bucket, objectName);
    throw new AisError("badRequest", `object "${cname}" is present, expecting it outside the cluster`);
  }
  if (presence === PRESENCE.existsNoProps || presence === PRESENCE.presentNoProps)
    return { status: 200, headers: [], body: null };
  const headers =
    writers === null
      ? allHeaders(object, attributes, services)
      : writers.flatMap((write) => write(attributes, services));
  return {
    status: 200,
    headers: [[HEADERS.present, "true"], ...headers],
    body: null,
    announcedLengthBytes: attributes.sizeBytes,
  };
}

function parseProps(text: string): readonly PropWriter[] {
  const names = new Set(text.split(",").map((name) => name.trim()));
  names.delete("");
  return [...names].map((name) => {
    const writer = Object.hasOwn(PROPS, name) ? PROPS[name] : undefined;
    if (writer === undefined) {
      throw new AisError(
        "badRequest",
        `invalid property "${name}" in props list, expecting some of: ${Object.keys(PROPS).join(", ")}`,
      );
    }
    return writer;
  });
}

/** Version 1: everything that GET says, and where the object is. */
function allHeaders(
  { bucket, key }: LocatedObject,
  attributes: ObjectAttributes,
  services: TargetServices,
): HeaderList {
  return [
    [HEADERS.contentType, CONTENT_TYPES.binary],
    [HEADERS.acceptRanges, "bytes"],
    ...objectHeaders(attributes),
    [HEADERS.name, encodeHeaderText(key.objectName)],
    [HEADERS.bucketName, bucket.name],
    [HEADERS.bucketProvider, bucket.provider],
    [HEADERS.location, placeOf(attributes, services)],
    [HEADERS.mirrorCopies, "1"],
    [HEADERS.mirrorPaths, `[${attributes.mountpath}]`],
  ];
}

function placeOf({ mountpath }: ObjectAttributes, { member, store }: TargetServices): string {
  const device = store.capacity().find(({ path }) => path === mountpath)?.device ?? "";
  return locationText(nodeName(member.self), mountpath, device);
}
