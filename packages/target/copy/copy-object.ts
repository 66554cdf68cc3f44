/** Copies one object of this target to wherever the destination's name puts it: this target, or another one. */
import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import { uploadToPeer } from "@ais/node/peer-upload.ts";
import type { ObjectAttributes, ObjectReader } from "@ais/storage/types.ts";
import { type Permission, requireAccess } from "@ais/wire/access.ts";
import { type Bck, bucketCname, objectCname, objectUname } from "@ais/wire/bck.ts";
import { bucketId } from "@ais/wire/bprops.ts";
import { validateObjectName } from "@ais/wire/object-name.ts";
import { encodeTransfer, TRANSFER_HEADER } from "@ais/wire/object-transfer.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { placementNodes } from "@ais/wire/smap.ts";
import { type LocatedObject, locateBucket } from "../locate.ts";
import type { TargetServices } from "../services.ts";
import { describeTransfer } from "../transfer/describe-transfer.ts";
import { readerBody } from "./reader-body.ts";
import { transferOptions } from "./transfer-options.ts";

export interface CopyDestination {
  readonly bucket: Bck;
  readonly objectName: string;
  /** What the destination's bucket must allow. */
  readonly permission: Permission;
}

/**
 * Resolves with the attributes of the source when the copy is whole and as durable as its bucket asks for. The checksum
 * of the source is that by which the destination judges the bytes. Throws `bucketNotFound`, `notFound`, what `put` throws.
 */
export async function copyObject(
  call: Call,
  source: LocatedObject,
  { bucket, objectName, permission }: CopyDestination,
  services: TargetServices,
): Promise<ObjectAttributes> {
  const { span } = call;
  const { store, hrw, member, metrics, facts } = services;
  validateObjectName(objectName);
  const { props } = await locateBucket(bucket, false, call.snapshot, services, span);
  requireAccess(bucket, props, permission);
  const uname = objectUname(bucket, objectName);
  const reader = await store.get(source.key, { verify: false }, span);
  try {
    // Nothing to do for a copy of itself, but the object must be there.
    if (source.key.uname === uname) return reader.attributes;
    // Not before the source is open, which may have come from another target: `put` sends on what is written here only when
    // the cluster map changes after it began.
    const chosen = hrw.chooseTarget(placementNodes(member.snapshot.smap), uname);
    if (chosen === null)
      throw new AisError("unavailable", `no target for "${objectCname(bucket, objectName)}"`);
    const transfer = describeTransfer(reader.attributes, member.snapshot, { uname, bid: props.bid });
    if (chosen.id === facts.id) {
      const key = { bucketId: bucketId(props), bucketName: bucketCname(bucket), objectName, uname };
      await store.put(key, readerBody(reader), transferOptions(transfer, props), span);
      return reader.attributes;
    }
    const upload = {
      path: PATHS.intraObject,
      headers: { [TRANSFER_HEADER]: encodeTransfer(transfer) },
      body: uploadBody(reader),
    };
    await uploadToPeer(chosen.snode, upload, span, services);
    metrics.add("stream.out.n", 1);
    metrics.add("stream.out.size", reader.lengthBytes);
    return reader.attributes;
  } finally {
    reader.release();
  }
}

function uploadBody({ content, lengthBytes }: ObjectReader) {
  return content.kind === "bytes" ? content.bytes : { ...content, lengthBytes };
}
