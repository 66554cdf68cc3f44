/** `intra.job-object`: another target hands an object over for a job; it is stored as a PUT would store it. */
import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { jsonReply } from "@ais/node/replies.ts";
import type { ObjectAttributes, ObjectBody } from "@ais/storage/types.ts";
import { bucketCname, parseUname } from "@ais/wire/bck.ts";
import { bucketId } from "@ais/wire/bprops.ts";
import { bucketNotFound } from "@ais/wire/error-texts.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import { validateObjectName } from "@ais/wire/object-name.ts";
import { decodeTransfer, TRANSFER_HEADER, type TransferResult } from "@ais/wire/object-transfer.ts";
import { countingIoErrors } from "../io-errors.ts";
import { storeCopy } from "../jobs/store-copy.ts";
import { locateBucket } from "../locate.ts";
import { requireOwner } from "../placement/require-owner.ts";
import type { TargetServices } from "../services.ts";

/** Bodies up to this size are read at once: a stream costs more than they do. */
const WHOLE_BODY_MAX_BYTES = 64 * 1024;

const CALLER_HEADER = HEADERS.callerId.toLowerCase();

export async function intraJobObject(call: Call, services: TargetServices): Promise<HttpReply> {
  const { request, snapshot, span } = call;
  const transfer = decodeTransfer(request.header(TRANSFER_HEADER.toLowerCase()));
  const { bucket, objectName } = parseUname(transfer.uname);
  validateObjectName(objectName);
  if (request.contentLengthBytes !== transfer.sizeBytes)
    throw new AisError(
      "badRequest",
      `object of ${transfer.sizeBytes} bytes came as ${request.contentLengthBytes}`,
    );
  const isOutdated = BigInt(transfer.bmdVersion) > BigInt(snapshot.bmd.version);
  const { props } = await locateBucket(bucket, isOutdated, snapshot, services, span);
  if (props.bid !== transfer.bid) throw bucketNotFound(bucket);
  const key = {
    bucketId: bucketId(props),
    bucketName: bucketCname(bucket),
    objectName,
    uname: transfer.uname,
  };
  const smap = await requireOwner(transfer, call, services);
  const { metrics, jobRunner, claims } = services;
  const { moved, jobId } = transfer;
  // A request that is waited for has looked for the newest, or sends what it has just written.
  if (moved !== null && jobId !== "")
    await claims.fetchNewer(key, BigInt(moved.createdNs), request.header(CALLER_HEADER) ?? "", span);
  let isTaken = false;
  const body = (): ObjectBody | Promise<ObjectBody> => {
    isTaken = true;
    return transfer.sizeBytes <= WHOLE_BODY_MAX_BYTES
      ? request.bytes(WHOLE_BODY_MAX_BYTES)
      : request.stream();
  };
  const { attributes, stored } = await countingIoErrors(
    "put",
    metrics,
    storeCopy({ key, props, smap }, transfer, body, services),
  );
  if (!stored) {
    if (!isTaken) await drain(request.stream());
    return jsonReply(resultOf(attributes, false));
  }
  metrics.add("stream.in.n", 1);
  metrics.add("stream.in.size", attributes.sizeBytes);
  // A request that is waited for sends its objects this way too, and is no job.
  if (transfer.jobId !== "") jobRunner.received(transfer.jobId, attributes.sizeBytes);
  return jsonReply(resultOf(attributes, true));
}

function resultOf({ version, checksum, atimeNs }: ObjectAttributes, stored: boolean): TransferResult {
  return { stored, version, checksum, atimeNs: atimeNs.toString() };
}

async function drain(body: ReadableStream<Uint8Array>): Promise<void> {
  for await (const _ of body) {
    // The sender hears of it only once its bytes were taken.
  }
}
