import { bucketQuery } from "@ais/client/bucket-query.ts";
import { type Bck, bucketCname } from "@ais/wire/bck.ts";
import type { LoadOptions } from "../load-options.ts";
import type { ClusterControl } from "./control.ts";

/** Makes the bucket exist with the wanted properties, and says what it did. True when it is new. */
export async function prepareBucket(
  control: ClusterControl,
  { bucket, bucketProps }: LoadOptions,
  note: (text: string) => void,
): Promise<boolean> {
  // Buckets of other providers are not for the cluster to create.
  const mayCreate = bucket.provider === "ais";
  if (
    mayCreate &&
    !(await control.bucketExists(bucket)) &&
    (await control.createBucket(bucket, bucketProps))
  ) {
    note(`created bucket ${bucketCname(bucket)}`);
    return true;
  }
  if (bucketProps !== null) {
    await control.setBucketProps(bucket, bucketProps);
    note(`set properties of bucket ${bucketCname(bucket)}`);
  }
  return false;
}

/** Destroys AIStore's own bucket; of any other, which is not ours to destroy, deletes the objects that were put. */
export async function cleanUp(
  control: ClusterControl,
  { bucket, workers }: LoadOptions,
  putNames: Iterable<string>,
  note: (text: string) => void,
): Promise<void> {
  if (bucket.provider === "ais") {
    await control.destroyBucket(bucket);
    note(`destroyed bucket ${bucketCname(bucket)}`);
    return;
  }
  let count = 0;
  const names = putNames[Symbol.iterator]();
  const deleteNext = async (): Promise<void> => {
    for (let next = names.next(); next.done !== true; next = names.next()) {
      await control.deleteObject(bucket, next.value);
      count++;
    }
  };
  await Promise.all(Array.from({ length: workers }, deleteNext));
  note(`deleted ${count} objects of bucket ${bucketCname(bucket)}`);
}

/** The query items of object calls that say which bucket is meant. */
export function objectQuery(bucket: Bck): string {
  return Object.entries(bucketQuery(bucket))
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join("&");
}
