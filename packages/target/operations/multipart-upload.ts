/** Native multipart upload (wire-compat 3.8): begin, part, complete, abort. */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply } from "@ais/node/replies.ts";
import type { ActMsg } from "@ais/wire/act-msg.ts";
import { parseCompletedParts, parsePartNumber } from "@ais/wire/completed-parts.ts";
import { emptyPart, noParts, partialCompletion } from "@ais/wire/error-texts.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { countingIoErrors } from "../io-errors.ts";
import { durabilityOf, type LocatedObject, locateObject } from "../locate.ts";
import { objectHeaders } from "../object-headers.ts";
import { objectOptions } from "../object-options.ts";
import { customMetadata, expectedChecksum } from "../put-request.ts";
import { objectBody } from "../request-body.ts";
import type { TargetServices } from "../services.ts";

/** The id of the new upload. Custom metadata in the headers becomes the object's. */
export async function createUpload(call: Call, services: TargetServices): Promise<string> {
  const { key, props } = await locateObject(call, services);
  const custom = customMetadata(call.request);
  return services.store.uploads.create(key, custom, durabilityOf(props), call.span);
}

export async function putPart(call: Call, services: TargetServices): Promise<HttpReply> {
  const { query, request, span } = call;
  const partNumber = parsePartNumber(query.get(QUERY.partNumber));
  const { bucket, key, props } = await locateObject(call, services);
  const { contentLengthBytes } = request;
  if (contentLengthBytes === 0) throw emptyPart(bucket, call.objectName);
  const expected = expectedChecksum(request);
  const { store, metrics } = services;
  const work = store.uploads.putPart(
    key,
    query.get(QUERY.uploadId) ?? "",
    partNumber,
    await objectBody(call),
    {
      durability: durabilityOf(props),
      ...(expected === null ? {} : { expected }),
      ...(contentLengthBytes === null ? {} : { sizeBytes: contentLengthBytes }),
    },
    span,
  );
  metrics.add("put.size", await countingIoErrors("put", metrics, work));
  return emptyReply();
}

export async function completeUpload(
  call: Call,
  { value }: ActMsg,
  services: TargetServices,
): Promise<HttpReply> {
  const wanted = parseCompletedParts(value);
  const object = await locateObject(call, services);
  const { store, metrics } = services;
  const work = store.uploads.complete(
    object.key,
    call.query.get(QUERY.uploadId) ?? "",
    {
      check: (partNumbers) => requireAllParts(object, wanted, partNumbers),
      isMultipart: true,
      put: objectOptions(object.props),
    },
    call.span,
  );
  const attributes = await countingIoErrors("put", metrics, work);
  metrics.add("put.n", 1);
  return emptyReply(200, objectHeaders(attributes));
}

export async function abortUpload(call: Call, services: TargetServices): Promise<HttpReply> {
  const { key } = await locateObject(call, services);
  await services.store.uploads.abort(key, call.query.get(QUERY.uploadId) ?? "", call.span);
  return emptyReply();
}

/** The client must name every part that is there, and those must be 1 to N. */
function requireAllParts(
  { bucket, key }: LocatedObject,
  wanted: readonly number[],
  have: readonly number[],
): void {
  if (have.length === 0) throw noParts(bucket, key.objectName);
  const isComplete = have.every((partNumber, index) => partNumber === index + 1);
  const isNamed = have.every((partNumber) => wanted.includes(partNumber));
  if (!isComplete || !isNamed || wanted.length !== have.length) {
    throw partialCompletion(wanted.length, have.length);
  }
}
