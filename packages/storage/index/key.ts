import { AisError } from "@ais/base/errors.ts";
import { OBJECT_NAME_LIMIT_BYTES } from "../limits.ts";

export const BUCKET_ID_BYTES = 8;

/** Key of an object. Throws `badRequest` for a name that the index cannot hold. */
export function objectIndexKey(bucketId: bigint, objectName: string): Buffer {
  const nameBytes = Buffer.byteLength(objectName);
  if (nameBytes > OBJECT_NAME_LIMIT_BYTES) {
    throw new AisError(
      "badRequest",
      `object name of ${nameBytes} bytes is too long, the limit is ${OBJECT_NAME_LIMIT_BYTES}`,
    );
  }
  // Text with half a surrogate pair would become the same bytes as other such text.
  if (nameBytes === 0 || !objectName.isWellFormed()) {
    throw new AisError("badRequest", `object name ${JSON.stringify(objectName)} is not valid text`);
  }
  const key = Buffer.allocUnsafe(BUCKET_ID_BYTES + nameBytes);
  key.writeBigUInt64BE(bucketId, 0);
  key.write(objectName, BUCKET_ID_BYTES);
  return key;
}

/** The start of every key of a bucket whose name starts with `namePrefix`. */
export function keyPrefix(bucketId: bigint, namePrefix: string): Buffer {
  const prefix = Buffer.allocUnsafe(BUCKET_ID_BYTES + Buffer.byteLength(namePrefix));
  prefix.writeBigUInt64BE(bucketId, 0);
  prefix.write(namePrefix, BUCKET_ID_BYTES);
  return prefix;
}

export function bucketIdOfKey(key: Uint8Array): bigint {
  return new DataView(key.buffer, key.byteOffset).getBigUint64(0);
}

/** The first key after every key that starts with `prefix`; null when there is none. */
export function successorOfPrefix(prefix: Uint8Array): Buffer | null {
  let length = prefix.byteLength;
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1;
  if (length === 0) return null;
  const successor = Buffer.from(prefix.subarray(0, length));
  successor[length - 1] = (successor[length - 1] ?? 0) + 1;
  return successor;
}
