/** `object.head`, both versions (wire-compat 3.5). */
import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import type { ObjectAttributes } from "@ais/storage/types.ts";
import { objectNotFound } from "@ais/wire/error-texts.ts";
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import { PRESENCE, QUERY } from "@ais/wire/queries.ts";
import { nodeName } from "@ais/wire/smap.ts";
import { encodeHeaderText } from "../header-text.ts";
import { type LocatedObject, locateObject } from "../locate.ts";
import { checksumHeaders, customHeaders, entityTag, objectHeaders } from "../object-headers.ts";
import type { TargetServices } from "../services.ts";
import { refuseVariants } from "../unsupported.ts";

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
  location: (attributes, services) => [[HEADERS.location, locationText(attributes, services)]],
  copies: ({ mountpath }) => [
    [HEADERS.mirrorCopies, "1"],
    [HEADERS.mirrorPaths, mountpath],
  ],
  ec: () => [],
  chunked: ({ parts }) => [
    [HEADERS.chunksCount, String(parts?.count ?? 0)],
    [HEADERS.chunksMaxSize, String(parts?.largestBytes ?? 0)],
  ],
};

/** Waits for nothing, and then gives no promise, when the bucket is known. */
export function objectHead(call: Call, services: TargetServices): HttpReply | Promise<HttpReply> {
  const { query } = call;
  refuseVariants(query);
  const props = query.get(QUERY.props);
  const writers = props === null ? null : parseProps(props);
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
  const presence = query.get(QUERY.presence);
  if (attributes === null || presence === String(PRESENCE.existsOutside)) {
    throw objectNotFound(object.bucket, objectName);
  }
  if (presence === String(PRESENCE.presentNoProps)) return { status: 200, headers: [], body: null };
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
    [HEADERS.location, locationText(attributes, services)],
    [HEADERS.mirrorCopies, "1"],
    [HEADERS.mirrorPaths, `[${attributes.mountpath}]`],
  ];
}

function locationText({ mountpath }: ObjectAttributes, { member, store }: TargetServices): string {
  const device = store.capacity().find(({ path }) => path === mountpath)?.device ?? "";
  return `${nodeName(member.self)}:mp[${mountpath}, ${device}]`;
}
