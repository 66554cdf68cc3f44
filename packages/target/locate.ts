/** From what a request names to what the store knows: the bucket by the newest BMD, the key, the placement. */
import type { ClusterSnapshot } from "@ais/cluster/snapshot.ts";
import type { Call } from "@ais/node/call.ts";
import type { Durability, ObjectKey } from "@ais/storage/types.ts";
import type { Span } from "@ais/tracing/types.ts";
import { type Bck, bckFromRequest, bucketCname, objectUname } from "@ais/wire/bck.ts";
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

/**
 * The object of a call. The BMD is refreshed once when the redirect was made by a newer one (`bmdv`) or when the bucket is
 * missing, so that a bucket is there on every target as soon as its creation was answered. Throws `bucketNotFound`.
 */
export async function locateObject(call: Call, services: TargetServices): Promise<LocatedObject> {
  const { query, snapshot, span } = call;
  const bucket = bckFromRequest(call.bucketName, query.get(QUERY.provider), query.get(QUERY.namespace));
  const isOutdated = Number(query.get(QUERY.bmdVersion) ?? 0) > Number(snapshot.bmd.version);
  const { props } = await locateBucket(bucket, isOutdated, snapshot, services, span);
  const uname = objectUname(bucket, call.objectName);
  if (span.recording) notePlacement(uname, call, services);
  return {
    bucket,
    props,
    key: {
      bucketId: bucketId(props),
      bucketName: bucketCname(bucket),
      objectName: call.objectName,
      uname,
    },
  };
}

export async function locateBucket(
  bucket: Bck,
  mustRefresh: boolean,
  snapshot: ClusterSnapshot,
  { member }: TargetServices,
  span: Span,
): Promise<LocatedBucket> {
  const known = mustRefresh ? null : findBucket(snapshot.bmd, bucket);
  const props = known ?? findBucket(await newestBmd(), bucket);
  if (props === null) throw bucketNotFound(bucket);
  return { bucket, props };

  async function newestBmd(): Promise<Bmd> {
    return (await member.refresh("bmd", span)).bmd;
  }
}

export function durabilityOf(props: Bprops): Durability {
  return props.write_policy.data === "immediate" ? "fsync" : "os";
}

/** The redirect decides who serves; a decision that this node's Smap does not share is worth seeing in the trace. */
function notePlacement(uname: string, { span, snapshot }: Call, { hrw, facts }: TargetServices): void {
  const chosen = hrw.chooseTarget(placementNodes(snapshot.smap), uname);
  if (chosen !== null && chosen.id !== facts.id)
    span.event("ais.hrw.elsewhere", { "ais.hrw.node": chosen.id });
}
