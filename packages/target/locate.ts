/** From what a request names to what the store knows: the bucket by the newest BMD, the key, the placement. */
import type { ClusterSnapshot } from "@ais/cluster/snapshot.ts";
import type { Call } from "@ais/node/call.ts";
import type { Durability, ObjectKey } from "@ais/storage/types.ts";
import type { Span } from "@ais/tracing/types.ts";
import {
  aisBucket,
  type Bck,
  bckFromRequest,
  bucketCname,
  bucketUname,
  validateBucketName,
} from "@ais/wire/bck.ts";
import { type Bmd, findBucket } from "@ais/wire/bmd.ts";
import { type Bprops, bucketId } from "@ais/wire/bprops.ts";
import { bucketNotFound } from "@ais/wire/error-texts.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { placementNodes } from "@ais/wire/smap.ts";
import type { TargetServices } from "./services.ts";

export interface LocatedBucket {
  readonly bucket: Bck;
  readonly props: Bprops;
}

export interface LocatedObject extends LocatedBucket {
  readonly key: ObjectKey;
}

/** A bucket with the texts that every key of it is made of. */
interface KnownBucket extends LocatedBucket {
  readonly bucketId: bigint;
  readonly cname: string;
  /** Start of the unames of its objects. */
  readonly unamePrefix: string;
}

/** Buckets of the global namespace by name, made when first asked for: half a microsecond a request otherwise. */
const knownBucketsOf = new WeakMap<Bmd, Map<string, KnownBucket>>();

/**
 * The object of a call. The BMD is refreshed once when the redirect was made by a newer one (`bmdv`) or when the bucket is
 * missing, so that a bucket is there on every target as soon as its creation was answered; only then is it a promise.
 * Throws or rejects with `bucketNotFound`.
 */
export function locateObject(call: Call, services: TargetServices): LocatedObject | Promise<LocatedObject> {
  const { query, snapshot } = call;
  const provider = query.get(QUERY.provider);
  const namespace = query.get(QUERY.namespace);
  const isOutdated = Number(query.get(QUERY.bmdVersion) ?? 0) > Number(snapshot.bmd.version);
  const isPlain = (provider === null || provider === "ais") && (namespace === null || namespace === "");
  if (isPlain && !isOutdated) {
    const known = knownBucket(snapshot.bmd, call.bucketName);
    if (known !== null) return objectOf(known, call, services);
  }
  const bucket = bckFromRequest(call.bucketName, provider, namespace);
  return locateBucket(bucket, isOutdated, snapshot, services, call.span).then((located) =>
    objectOf(withTexts(located), call, services),
  );
}

export async function locateBucket(
  bucket: Bck,
  mustRefresh: boolean,
  snapshot: ClusterSnapshot,
  { member }: TargetServices,
  span: Span,
): Promise<LocatedBucket> {
  const known = mustRefresh ? null : findBucket(snapshot.bmd, bucket);
  if (known === null) validateBucketName(bucket.name);
  const props = known ?? findBucket(await newestBmd(), bucket);
  if (props === null) throw bucketNotFound(bucket);
  return { bucket, props };

  async function newestBmd(): Promise<Bmd> {
    return (await member.refresh("bmd", span)).bmd;
  }
}

function knownBucket(bmd: Bmd, name: string): KnownBucket | null {
  let buckets = knownBucketsOf.get(bmd);
  if (buckets === undefined) {
    buckets = new Map();
    knownBucketsOf.set(bmd, buckets);
  }
  const known = buckets.get(name);
  if (known !== undefined) return known;
  const bucket = aisBucket(name);
  const props = findBucket(bmd, bucket);
  if (props === null) return null;
  const made = withTexts({ bucket, props });
  buckets.set(name, made);
  return made;
}

function withTexts({ bucket, props }: LocatedBucket): KnownBucket {
  return {
    bucket,
    props,
    bucketId: bucketId(props),
    cname: bucketCname(bucket),
    unamePrefix: bucketUname(bucket),
  };
}

function objectOf(known: KnownBucket, call: Call, services: TargetServices): LocatedObject {
  const { bucket, props, cname, unamePrefix } = known;
  const { objectName } = call;
  const uname = unamePrefix + objectName;
  if (call.span.recording && call.operation !== "object.get") notePlacement(uname, call, services);
  return { bucket, props, key: { bucketId: known.bucketId, bucketName: cname, objectName, uname } };
}

export function durabilityOf(props: Bprops): Durability {
  return props.write_policy.data === "immediate" ? "fsync" : "os";
}

/**
 * The redirect decides who serves; a decision that this node's Smap does not share is worth seeing in the trace. Of a GET, which
 * this costs more than the look-up, only when the object is not here.
 */
export function notePlacement(uname: string, { span, snapshot }: Call, { hrw, facts }: TargetServices): void {
  const chosen = hrw.chooseTarget(placementNodes(snapshot.smap), uname);
  if (chosen !== null && chosen.id !== facts.id)
    span.event("ais.hrw.elsewhere", { "ais.hrw.node": chosen.id });
}
