/** `object.get` (wire-compat 3.2). */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply, ReplyBody } from "@ais/node/http/types.ts";
import type { NodeMetrics } from "@ais/node/metrics/types.ts";
import type { ObjectReader } from "@ais/storage/types.ts";
import { objectNotFound, rangeNotSatisfiable } from "@ais/wire/error-texts.ts";
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { contentRange, parseRange } from "@ais/wire/range.ts";
import { countingIoErrors } from "../io-errors.ts";
import { type LocatedObject, locateObject, notePlacement } from "../locate.ts";
import { addObjectHeaders } from "../object-headers.ts";
import type { TargetServices } from "../services.ts";
import { refuseVariants } from "../unsupported.ts";

/** Waits for nothing, and then gives no promise, when the bucket is known and the content is not to be verified. */
export function objectGet(call: Call, services: TargetServices): HttpReply | Promise<HttpReply> {
  refuseVariants(call.query);
  const object = locateObject(call, services);
  return object instanceof Promise
    ? object.then((located) => getLocated(call, located, services))
    : getLocated(call, object, services);
}

function getLocated(
  call: Call,
  object: LocatedObject,
  services: TargetServices,
): HttpReply | Promise<HttpReply> {
  const { request, query, span } = call;
  const { store, metrics } = services;
  if (object.props.lru.enabled) services.recentReads.note(object.key, services.clock.nowMs());
  const rangeText = request.header("range");
  const parsed = parseRange(rangeText);
  if (parsed.kind !== "whole" && parsed.kind !== "single") {
    return refuseRange(rangeText ?? "", call, object, services);
  }
  const isRange = parsed.kind === "single";
  const verify = object.props.checksum.validate_warm_get || query.flag(QUERY.validateChecksum);
  const options = isRange ? { range: parsed.range, verify } : { verify };
  const reader = store.get(object.key, options, span);
  if (!(reader instanceof Promise)) return readerReply(reader, isRange, metrics);
  if (span.recording) reader.catch(() => notePlacement(object.key.uname, call, services));
  return countingIoErrors("get", metrics, reader).then((late) => {
    const reply = readerReply(late, isRange, metrics);
    // Nobody would take the bytes.
    return request.signal.aborted ? { ...reply, body: null } : reply;
  });
}

function readerReply(reader: ObjectReader, isRange: boolean, metrics: NodeMetrics): HttpReply {
  metrics.add("get.size", reader.lengthBytes);
  return {
    status: isRange ? 206 : 200,
    headers: replyHeaders(reader, isRange),
    body: replyBody(reader),
    onDone: () => reader.release(),
  };
}

/** Several ranges and malformed ones get the answer of one outside the object. */
async function refuseRange(
  rangeText: string,
  { span, objectName }: Call,
  { key, bucket }: LocatedObject,
  { store }: TargetServices,
): Promise<never> {
  const attributes = await store.head(key, span);
  if (attributes === null) throw objectNotFound(bucket, objectName);
  throw rangeNotSatisfiable(rangeText, attributes.sizeBytes);
}

function replyHeaders(reader: ObjectReader, isRange: boolean): [string, string][] {
  const headers: [string, string][] = [
    [HEADERS.contentType, CONTENT_TYPES.binary],
    [HEADERS.acceptRanges, "bytes"],
  ];
  addObjectHeaders(headers, reader.attributes);
  if (isRange) headers.push([HEADERS.contentRange, contentRange(reader, reader.attributes.sizeBytes)]);
  return headers;
}

function replyBody({ content, lengthBytes }: ObjectReader): ReplyBody {
  if (content.kind === "bytes") return content.bytes;
  const { path, fileOffsetBytes, identity } = content;
  return { kind: "file", path, offsetBytes: fileOffsetBytes, lengthBytes, identity };
}
