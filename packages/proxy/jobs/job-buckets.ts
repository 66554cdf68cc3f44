/** Buckets of jobs: found, made when they are a destination, and kept from being two things at once. */
import { AisError } from "@ais/base/errors.ts";
import type { JobBucket } from "@ais/cluster/jobs/job-record.ts";
import type { ClusterSnapshot } from "@ais/cluster/snapshot.ts";
import type { Call } from "@ais/node/call.ts";
import { type Permission, requireAccess } from "@ais/wire/access.ts";
import { type Bck, bucketCname, parseUname, sameBucket, validateNewBucket } from "@ais/wire/bck.ts";
import { type Bmd, findBucket, withBucket } from "@ais/wire/bmd.ts";
import type { Bprops } from "@ais/wire/bprops.ts";
import { bucketNotFound } from "@ais/wire/error-texts.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { requireCallBucket } from "../bucket-lookup.ts";
import type { ProxyServices } from "../services.ts";
import { syncDocument } from "../sync-document.ts";

/** The call's bucket, unless it is being renamed. */
export async function sourceOfJob(
  call: Call,
  services: ProxyServices,
): Promise<JobBucket & { readonly props: Bprops }> {
  const { bucket, props } = await requireCallBucket(call, services);
  refuseRenaming(bucket, props);
  return { bucket, bid: props.bid, props };
}

/** The bucket of the query item `bck_to`, existing or not. */
export function destinationOfCall(call: Call): Bck {
  const uname = call.query.get(QUERY.bucketTo) ?? "";
  if (uname === "") throw new AisError("badRequest", `missing query item "${QUERY.bucketTo}"`);
  const { bucket, objectName } = parseUname(uname);
  if (objectName !== "")
    throw new AisError(
      "badRequest",
      `invalid "${QUERY.bucketTo}" "${uname}": expecting a bucket, not an object`,
    );
  validateNewBucket(bucket);
  if (bucket.provider !== "ais" || bucket.namespace.uuid !== "") {
    throw new AisError("unsupported", `bucket "${bucketCname(bucket)}": remote buckets are not supported`);
  }
  return bucket;
}

/**
 * The destination of a copy; one that does not exist gets the source's properties. Every node knows it afterwards.
 * `permissions` are those that the copy needs of one that exists.
 */
export async function ensureDestination(
  destination: Bck,
  source: Bprops,
  permissions: readonly Permission[],
  call: Call,
  services: ProxyServices,
): Promise<JobBucket> {
  const createdNs = services.clock.nowNs();
  let isNew = false;
  const snapshot = await services.member.updateBmd((bmd) => {
    const known = findBucket(bmd, destination);
    if (known !== null) {
      for (const permission of permissions) requireAccess(destination, known, permission);
      refuseRenaming(destination, known);
    }
    isNew = known === null;
    return isNew ? withCopy(bmd, destination, source, createdNs) : null;
  }, call.span);
  if (isNew) await syncDocument("bmd", snapshot, call, services);
  return { bucket: destination, bid: bidOf(snapshot, destination) };
}

/** A BMD with a new bucket that has another one's properties and an identity of its own. */
export function withCopy(bmd: Bmd, bucket: Bck, source: Bprops, createdNs: bigint): Bmd {
  // A version is used once in the life of a cluster, so an id made of it is never given to a second bucket.
  const bid = (BigInt(bmd.version) + 1n).toString();
  return withBucket(bmd, bucket, { ...source, bid, created: createdNs.toString(), Renamed: "" });
}

export function bidOf({ bmd }: ClusterSnapshot, bucket: Bck): string {
  const props = findBucket(bmd, bucket);
  if (props === null) throw bucketNotFound(bucket);
  return props.bid;
}

export function refuseRenaming(bucket: Bck, props: Bprops): void {
  if (props.Renamed !== "")
    throw new AisError("conflict", `bucket "${bucketCname(bucket)}" is being renamed`);
}

/** A bucket that other jobs read or write must not vanish under them. */
export function refuseBusy(bucket: Bck, { jobs }: ProxyServices): void {
  const other = jobs.list().find(({ record }) => {
    if (record.end !== null || record.kind === "summary-bck") return false;
    return [record.from, record.to].some((named) => named !== null && sameBucket(named.bucket, bucket));
  });
  if (other === undefined) return;
  const { kind, id } = other.record;
  throw new AisError("conflict", `bucket "${bucketCname(bucket)}" is busy: job ${kind}[${id}] has not ended`);
}
