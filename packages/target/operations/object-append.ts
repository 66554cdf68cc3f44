/**
 * Appending in several calls and flushing at the end (wire-compat 3.6). Each call is a part of an upload that starts with
 * the object's present content; the object changes at the flush, as a whole.
 */
import { AisError } from "@ais/base/errors.ts";
import { limitReached } from "@ais/base/limits.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply } from "@ais/node/replies.ts";
import { type AppendHandle, formatAppendHandle, parseAppendHandle } from "@ais/wire/append-handle.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import { APPEND_TYPES, QUERY } from "@ais/wire/queries.ts";
import { readerBody } from "../copy/reader-body.ts";
import { countingIoErrors } from "../io-errors.ts";
import { durabilityOf, type LocatedObject, locateObject } from "../locate.ts";
import { objectHeaders } from "../object-headers.ts";
import { objectOptions } from "../object-options.ts";
import { expectedChecksum } from "../put-request.ts";
import { objectBody } from "../request-body.ts";
import type { TargetServices } from "../services.ts";

/** Calls between two flushes. */
const APPEND_PARTS_MAX = 100_000;

export async function appendObject(call: Call, services: TargetServices): Promise<HttpReply> {
  try {
    return await appendOrFlush(call, services);
  } catch (error) {
    services.metrics.add("err.append.n", 1);
    throw error;
  }
}

async function appendOrFlush(call: Call, services: TargetServices): Promise<HttpReply> {
  const type = call.query.get(QUERY.appendType);
  const text = call.query.get(QUERY.appendHandle) ?? "";
  const handle = text === "" ? null : parseAppendHandle(text);
  if (handle !== null && handle.nodeId !== services.facts.id) {
    throw new AisError("badRequest", `the append was begun at t[${handle.nodeId}], not here`);
  }
  const object = await locateObject(call, services);
  switch (type) {
    case APPEND_TYPES.append:
      return append(call, object, handle ?? (await begin(call, object, services)), services);
    case APPEND_TYPES.flush:
      if (handle === null) throw new AisError("badRequest", "failed to flush an append: the handle is empty");
      return flush(call, object, handle, services);
    default:
      throw new AisError(
        "badRequest",
        `invalid ${QUERY.appendType} "${type ?? ""}", expecting "append" or "flush"`,
      );
  }
}

async function begin(
  { span }: Call,
  { key, props }: LocatedObject,
  { store, facts }: TargetServices,
): Promise<AppendHandle> {
  const durability = durabilityOf(props);
  const existing = await store.head(key, span);
  const uploadId = await store.uploads.create(key, existing?.custom ?? {}, durability, span);
  const handle = { nodeId: facts.id, uploadId, checksumType: props.checksum.type, partCount: 0 };
  if (existing === null || existing.sizeBytes === 0) return handle;
  const reader = await store.get(key, { verify: false }, span);
  try {
    const options = { durability, sizeBytes: reader.lengthBytes };
    await store.uploads.putPart(key, uploadId, 1, readerBody(reader), options, span);
  } finally {
    reader.release();
  }
  return { ...handle, partCount: 1 };
}

async function append(
  { request, span }: Call,
  { key, props }: LocatedObject,
  handle: AppendHandle,
  { store, metrics }: TargetServices,
): Promise<HttpReply> {
  const { contentLengthBytes } = request;
  if (contentLengthBytes === 0) return handleReply(handle);
  const partCount = handle.partCount + 1;
  if (partCount > APPEND_PARTS_MAX) {
    throw limitReached("append_parts", `${APPEND_PARTS_MAX} appends without a flush, which is the limit`);
  }
  const options = {
    durability: durabilityOf(props),
    ...(contentLengthBytes === null ? {} : { sizeBytes: contentLengthBytes }),
  };
  const body = await objectBody({ request, span });
  const work = store.uploads.putPart(key, handle.uploadId, partCount, body, options, span);
  metrics.add("put.size", await countingIoErrors("put", metrics, work));
  metrics.add("append.n", 1);
  return handleReply({ ...handle, partCount });
}

async function flush(
  { request, span }: Call,
  { key, props }: LocatedObject,
  { uploadId, partCount }: AppendHandle,
  { store, metrics }: TargetServices,
): Promise<HttpReply> {
  const expected = expectedChecksum(request);
  const work = store.uploads.complete(
    key,
    uploadId,
    {
      check: (partNumbers) => requireParts(partNumbers, partCount),
      isMultipart: false,
      put: { ...objectOptions(props), ...(expected === null ? {} : { expected }) },
    },
    span,
  );
  return emptyReply(200, objectHeaders(await countingIoErrors("put", metrics, work)));
}

/** An old handle would leave out what was appended after it. */
function requireParts(partNumbers: readonly number[], partCount: number): void {
  if (partNumbers.length === partCount) return;
  throw new AisError(
    "badRequest",
    `failed to flush an append: the handle is of ${partCount} parts, there are ${partNumbers.length}`,
  );
}

function handleReply(handle: AppendHandle): HttpReply {
  return emptyReply(200, [[HEADERS.appendHandle, formatAppendHandle(handle)]]);
}
