/** `object.put`, the simple one (wire-compat 3.3). */
import { AisError, isAisError } from "@ais/base/errors.ts";
import type { Call, OperationHandler, Query } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply } from "@ais/node/replies.ts";
import type { PutOptions } from "@ais/storage/types.ts";
import { pairsAfterPut } from "@ais/wire/custom-metadata.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { countIoError } from "../io-errors.ts";
import { durabilityOf, type LocatedObject, locateObject } from "../locate.ts";
import { objectHeaders } from "../object-headers.ts";
import { accessTimeNs, customMetadata, expectedChecksum } from "../put-request.ts";
import { requireRedirect } from "../redirected.ts";
import { objectBody } from "../request-body.ts";
import type { TargetServices } from "../services.ts";
import { asksFor, refuseVariants } from "../unsupported.ts";
import { putPart } from "./multipart-upload.ts";
import { appendObject } from "./object-append.ts";
import { copyObjectTo } from "./object-copy.ts";

const PINE = HEADERS.pine.toLowerCase();

/** Waits for nothing but the body and the store when the bucket is known. */
export function objectPut(call: Call, services: TargetServices): HttpReply | Promise<HttpReply> {
  const { query, request } = call;
  requireRedirect(call);
  const variant = variantOf(query);
  if (variant !== null) return variant(call, services);
  refuseVariants(query);
  const pine = request.header(PINE);
  if (pine !== null && pine !== "0")
    throw new AisError("unsupported", "appending to an archive is not supported");
  const object = locateObject(call, services);
  return object instanceof Promise
    ? object.then((located) => store(call, located, services))
    : store(call, object, services);
}

/** What else a PUT can mean (wire-compat 3.4), each in its own file. Null for the simple one. */
function variantOf(query: Query): OperationHandler<TargetServices> | null {
  if (asksFor(query, QUERY.etlName)) return null;
  if (asksFor(query, QUERY.objectTo)) return copyObjectTo;
  // A part may come through a client's appending writer, which then names both.
  if (asksFor(query, QUERY.uploadId)) return putPart;
  return asksFor(query, QUERY.appendType) ? appendObject : null;
}

async function store(
  call: Call,
  { key, props }: LocatedObject,
  { store, metrics }: TargetServices,
): Promise<HttpReply> {
  const { request, query, span } = call;
  const { contentLengthBytes } = request;
  const expected = expectedChecksum(request);
  const atimeNs = accessTimeNs(request);
  const custom = customMetadata(request);
  const options: { -readonly [K in keyof PutOptions]: PutOptions[K] } = {
    checksumType: props.checksum.type,
    durability: durabilityOf(props),
    versioned: props.versioning.enabled,
    custom,
  };
  // Without a look at what is there, as a load generator asks for, nothing of it is kept.
  if (!query.flag(QUERY.skipVersionCheck)) options.mergeCustom = (old) => pairsAfterPut(old, custom);
  if (expected !== null) options.expected = expected;
  if (contentLengthBytes !== null) options.sizeBytes = contentLengthBytes;
  if (atimeNs !== null) options.atimeNs = atimeNs;
  const arriving = objectBody(call, contentLengthBytes);
  const body = arriving instanceof Promise ? await arriving : arriving;
  try {
    const attributes = await store.put(key, body, options, span);
    metrics.add("put.size", attributes.sizeBytes);
    return emptyReply(200, objectHeaders(attributes));
  } catch (error) {
    countIoError("put", metrics, error);
    if (isAisError(error, "checksumMismatch")) metrics.add("err.put.cksum.n", 1);
    throw error;
  }
}
