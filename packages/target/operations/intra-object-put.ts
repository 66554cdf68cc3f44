/** `intra.object-put`: another target hands over what a client's request copies or renames. Part of that request's trace. */
import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply } from "@ais/node/replies.ts";
import { bucketCname, parseUname } from "@ais/wire/bck.ts";
import { bucketId } from "@ais/wire/bprops.ts";
import { bucketNotFound } from "@ais/wire/error-texts.ts";
import { validateObjectName } from "@ais/wire/object-name.ts";
import { decodeTransfer, TRANSFER_HEADER } from "@ais/wire/object-transfer.ts";
import { transferOptions } from "../copy/transfer-options.ts";
import { countingIoErrors } from "../io-errors.ts";
import { locateBucket } from "../locate.ts";
import { requireOwner, writeAtOwner } from "../placement/require-owner.ts";
import { objectBody } from "../request-body.ts";
import type { TargetServices } from "../services.ts";

export async function intraObjectPut(call: Call, services: TargetServices): Promise<HttpReply> {
  const { request, snapshot, span } = call;
  const transfer = decodeTransfer(request.header(TRANSFER_HEADER.toLowerCase()));
  const { uname, sizeBytes } = transfer;
  const { bucket, objectName } = parseUname(uname);
  validateObjectName(objectName);
  if (request.contentLengthBytes !== sizeBytes) {
    throw new AisError(
      "badRequest",
      `object of ${sizeBytes} bytes came as ${request.contentLengthBytes ?? "a stream"}`,
    );
  }
  const isOutdated = Number(transfer.bmdVersion) > Number(snapshot.bmd.version);
  const { props } = await locateBucket(bucket, isOutdated, snapshot, services, span);
  if (props.bid !== transfer.bid) throw bucketNotFound(bucket);
  const key = { bucketId: bucketId(props), bucketName: bucketCname(bucket), objectName, uname };
  const smap = await requireOwner(transfer, call, services);
  const { store, metrics } = services;
  const put = async () => store.put(key, await objectBody(call), transferOptions(transfer, props), span);
  const storing = writeAtOwner(key, smap, services, put, span);
  await countingIoErrors("put", metrics, storing);
  metrics.add("stream.in.n", 1);
  metrics.add("stream.in.size", sizeBytes);
  return emptyReply();
}
