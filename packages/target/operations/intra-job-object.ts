/** `intra.job-object`: another target hands an object over for a job; it is stored as a PUT would store it. */
import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { jsonReply } from "@ais/node/replies.ts";
import type { ObjectAttributes, PutOptions } from "@ais/storage/types.ts";
import { bucketCname, parseUname } from "@ais/wire/bck.ts";
import { bucketId } from "@ais/wire/bprops.ts";
import { bucketNotFound } from "@ais/wire/error-texts.ts";
import { validateObjectName } from "@ais/wire/object-name.ts";
import {
  decodeTransfer,
  type ObjectTransfer,
  TRANSFER_HEADER,
  type TransferResult,
} from "@ais/wire/object-transfer.ts";
import { countingIoErrors } from "../io-errors.ts";
import { durabilityOf, locateBucket } from "../locate.ts";
import type { TargetServices } from "../services.ts";

/** Bodies up to this size are read at once: a stream costs more than they do. */
const WHOLE_BODY_MAX_BYTES = 64 * 1024;

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
  const { store, metrics } = services;
  const existing = transfer.keepExisting ? await store.head(key, span) : null;
  if (existing !== null) {
    await drain(request.stream());
    return jsonReply(resultOf(existing, false));
  }
  const options = putOptions(transfer, {
    checksumType: props.checksum.type,
    durability: durabilityOf(props),
    versioned: props.versioning.enabled,
  });
  const body =
    transfer.sizeBytes <= WHOLE_BODY_MAX_BYTES ? await request.bytes(WHOLE_BODY_MAX_BYTES) : request.stream();
  const attributes = await countingIoErrors("put", metrics, store.put(key, body, options, span));
  metrics.add("stream.in.n", 1);
  metrics.add("stream.in.size", attributes.sizeBytes);
  services.jobRunner.received(transfer.jobId, attributes.sizeBytes);
  return jsonReply(resultOf(attributes, true));
}

/** What a copy keeps of its original. */
export function putOptions(
  transfer: Pick<ObjectTransfer, "sizeBytes" | "checksum" | "atimeNs" | "custom" | "parts">,
  policy: Pick<PutOptions, "checksumType" | "durability" | "versioned">,
): PutOptions {
  const { sizeBytes, checksum, atimeNs, custom, parts } = transfer;
  return {
    ...policy,
    sizeBytes,
    atimeNs: BigInt(atimeNs),
    custom,
    // Content that is there already may have other metadata than the copy must have.
    compareCustom: true,
    ...(checksum === null ? {} : { expected: checksum }),
    ...(parts === null ? {} : { parts }),
  };
}

function resultOf({ version, checksum, atimeNs }: ObjectAttributes, stored: boolean): TransferResult {
  return { stored, version, checksum, atimeNs: atimeNs.toString() };
}

async function drain(body: ReadableStream<Uint8Array>): Promise<void> {
  for await (const _ of body) {
    // The sender hears of it only once its bytes were taken.
  }
}
