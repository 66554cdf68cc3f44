/** The bucket that a request names, as the newest BMD has it. */
import type { ClusterSnapshot } from "@ais/cluster/snapshot.ts";
import type { Call } from "@ais/node/call.ts";
import { aisBucket, type Bck, bckFromRequest, bucketUname, validateBucketName } from "@ais/wire/bck.ts";
import { findBucket } from "@ais/wire/bmd.ts";
import type { Bprops } from "@ais/wire/bprops.ts";
import { bucketNotFound } from "@ais/wire/error-texts.ts";
import { QUERY } from "@ais/wire/queries.ts";
import type { ProxyServices } from "./services.ts";

export interface FoundBucket {
  readonly bucket: Bck;
  readonly props: Bprops;
  /** The snapshot that has the bucket; newer than the call's when the BMD had to be refreshed. */
  readonly snapshot: ClusterSnapshot;
  /** Start of the unames of its objects. */
  readonly unamePrefix: string;
}

/** Buckets of the global namespace by name, found when first asked for. */
const knownBucketsOf = new WeakMap<ClusterSnapshot, Map<string, FoundBucket>>();

/** Throws `badRequest` for a name that no bucket can have. */
export function bucketOfCall(call: Call): Bck {
  validateBucketName(call.bucketName);
  return bckFromRequest(call.bucketName, call.query.get(QUERY.provider), call.query.get(QUERY.namespace));
}

/** At once when this node's snapshot has the bucket, which is the rule; null otherwise. */
export function findCallBucket(call: Call): FoundBucket | null {
  const { query, snapshot, bucketName } = call;
  const isPlain = query.get(QUERY.provider) === null && query.get(QUERY.namespace) === null;
  if (!isPlain) return findBucketIn(snapshot, bucketOfCall(call));
  let known = knownBucketsOf.get(snapshot);
  if (known === undefined) {
    known = new Map();
    knownBucketsOf.set(snapshot, known);
  }
  let found = known.get(bucketName) ?? null;
  if (found === null) {
    found = findBucketIn(snapshot, aisBucket(bucketName));
    if (found !== null) known.set(bucketName, found);
  }
  return found;
}

function findBucketIn(snapshot: ClusterSnapshot, bucket: Bck): FoundBucket | null {
  const props = findBucket(snapshot.bmd, bucket);
  return props === null ? null : { bucket, props, snapshot, unamePrefix: bucketUname(bucket) };
}

/**
 * The slow path of a bucket that the snapshot lacks: it may have been created a moment ago through another proxy, so the
 * BMD is read once more before `bucketNotFound` is thrown.
 */
export async function refreshCallBucket(call: Call, services: ProxyServices): Promise<FoundBucket> {
  const bucket = bucketOfCall(call);
  const snapshot = await services.member.refresh("bmd", call.span);
  const found = findBucketIn(snapshot, bucket);
  if (found === null) throw bucketNotFound(bucket);
  return found;
}

export async function requireCallBucket(call: Call, services: ProxyServices): Promise<FoundBucket> {
  return findCallBucket(call) ?? refreshCallBucket(call, services);
}
