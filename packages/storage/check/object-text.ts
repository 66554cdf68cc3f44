import { BUCKET_ID_BYTES, bucketIdOfKey } from "../index/key.ts";
import type { KeyParts } from "./file-end.ts";

/** The index knows buckets by their ids. Names come from the caller, or from trailers on the way. */
export class BucketNames {
  readonly #nameOf: (bucketId: bigint) => string | null;
  readonly #learned = new Map<bigint, string>();

  constructor(nameOf: (bucketId: bigint) => string | null = () => null) {
    this.#nameOf = nameOf;
  }

  learn(bucketId: bigint, name: string): void {
    if (!this.#learned.has(bucketId)) this.#learned.set(bucketId, name);
  }

  /** `ais://bucket/object`. */
  objectText({ bucketId, objectName }: KeyParts): string {
    const bucket = this.#nameOf(bucketId) ?? this.#learned.get(bucketId) ?? `bucket id ${bucketId}`;
    return `${bucket}/${objectName}`;
  }
}

export function keyParts(key: Uint8Array): KeyParts {
  if (key.byteLength < BUCKET_ID_BYTES) return { bucketId: 0n, objectName: Buffer.from(key).toString("hex") };
  return { bucketId: bucketIdOfKey(key), objectName: Buffer.from(key.subarray(BUCKET_ID_BYTES)).toString() };
}
