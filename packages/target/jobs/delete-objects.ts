/** `delete-listrange`: removes the objects of a list, a template or a prefix that this target holds. */
import { AisError } from "@ais/base/errors.ts";
import type { JobContext, JobWork } from "@ais/node/jobs/job-work.ts";
import type { ListedObject } from "@ais/storage/types.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { findBucket } from "@ais/wire/bmd.ts";
import { bucketNotFound } from "@ais/wire/error-texts.ts";
import type { MultiObjectMsg } from "@ais/wire/jobs/job-messages.ts";
import { durabilityOf } from "../locate.ts";
import type { TargetServices } from "../services.ts";
import { EachObject } from "./each-object.ts";
import { objectKey, openSource } from "./object-source.ts";
import { beginningNs, isWrittenSince } from "./written-since.ts";

export function deleteObjects(context: JobContext, services: TargetServices): JobWork {
  const { store, localStore, member, handOver, shareHolds } = services;
  const { record, stats } = context;
  const { from } = record;
  if (from === null) throw new AisError("internal", "a job that deletes objects has a bucket");
  const args = record.args as MultiObjectMsg;
  const source = { bucket: from.bucket, bucketId: BigInt(from.bid) };
  context.phase("delete");
  return new EachObject({
    context,
    source: openSource(localStore, source, args.selection),
    workerCount: args.workerCount,
    continueOnError: args.continueOnError,
    vanishes: isMeant,
    mustRepeat: () => shareHolds.takeCrossed(record.id),
    async each(object) {
      const { objectName } = object;
      const props = findBucket(member.snapshot.bmd, from.bucket);
      if (props === null || props.bid !== from.bid) throw bucketNotFound(from.bucket);
      if (!isMeant(object)) return;
      const key = objectKey(source, objectName);
      // It would arrive behind its owner's share, and nobody would know. The job is repeated for it, once it has arrived.
      if (handOver.isUnderWay(key.uname))
        throw new AisError("unavailable", `"${key.bucketName}/${objectName}" is on its way to its owner`);
      // What was listed is what is here: a target that was away may have missed a newer one.
      const newest = await store.head(key, NOOP_SPAN);
      if (newest === null || !isMeant({ objectName, attributes: newest })) return;
      if (!(await store.delete(key, durabilityOf(props), NOOP_SPAN, beginningNs(context)))) return;
      stats.objects++;
      stats.bytes += newest.sizeBytes;
    },
  });

  /** What was written since is not what the caller meant, however late (after a restart, say) this share gets to it. */
  function isMeant({ attributes }: ListedObject): boolean {
    return !isWrittenSince(attributes, context);
  }
}
