/** `object.get` (wire-compat 3.2). */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply, ReplyBody } from "@ais/node/http/types.ts";
import type { ByteRange, ObjectReader } from "@ais/storage/types.ts";
import { objectNotFound, rangeNotSatisfiable } from "@ais/wire/error-texts.ts";
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { contentRange, parseRange } from "@ais/wire/range.ts";
import { countingIoErrors } from "../io-errors.ts";
import { type LocatedObject, locateObject } from "../locate.ts";
import { objectHeaders } from "../object-headers.ts";
import type { TargetServices } from "../services.ts";
import { refuseVariants } from "../unsupported.ts";

export async function objectGet(call: Call, services: TargetServices): Promise<HttpReply> {
  const { query, request, span } = call;
  refuseVariants(query);
  const object = await locateObject(call, services);
  const range = await requestedRange(call, object, services);
  const verify = object.props.checksum.validate_warm_get || query.flag(QUERY.validateChecksum);
  const options = range === null ? { verify } : { range, verify };
  const { store, metrics } = services;
  const reader = await countingIoErrors("get", metrics, store.get(object.key, options, span));
  metrics.add("get.size", reader.lengthBytes);
  return {
    status: range === null ? 200 : 206,
    headers: replyHeaders(reader, range !== null),
    body: request.signal.aborted ? null : replyBody(reader),
    onDone: () => reader.release(),
  };
}

/** Null for the whole object. Several ranges and malformed ones get the answer of one outside the object. */
async function requestedRange(
  { request, span, objectName }: Call,
  { key, bucket }: LocatedObject,
  { store }: TargetServices,
): Promise<ByteRange | null> {
  const text = request.header("range");
  const parsed = parseRange(text);
  if (parsed.kind === "whole") return null;
  if (parsed.kind === "single") return parsed.range;
  const attributes = await store.head(key, span);
  if (attributes === null) throw objectNotFound(bucket, objectName);
  throw rangeNotSatisfiable(text ?? "", attributes.sizeBytes);
}

function replyHeaders(reader: ObjectReader, isRange: boolean): [string, string][] {
  const headers: [string, string][] = [
    [HEADERS.contentType, CONTENT_TYPES.binary],
    [HEADERS.acceptRanges, "bytes"],
    ...objectHeaders(reader.attributes),
  ];
  if (isRange) headers.push([HEADERS.contentRange, contentRange(reader, reader.attributes.sizeBytes)]);
  return headers;
}

function replyBody({ content, lengthBytes }: ObjectReader): ReplyBody {
  if (content.kind === "bytes") return content.bytes;
  return { kind: "file", path: content.path, offsetBytes: content.fileOffsetBytes, lengthBytes };
}
