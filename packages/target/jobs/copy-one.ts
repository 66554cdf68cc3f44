/** Copies one object of this target into another bucket, here or at the target that owns its new name. */
import { AisError } from "@ais/base/errors.ts";
import type { JobBucket } from "@ais/cluster/jobs/job-record.ts";
import type { JobContext } from "@ais/node/jobs/job-work.ts";
import type { ObjectBody, ObjectKey, ObjectReader } from "@ais/storage/types.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { findBucket } from "@ais/wire/bmd.ts";
import { bucketNotFound } from "@ais/wire/error-texts.ts";
import { type CopyMsg, copyName } from "@ais/wire/jobs/job-messages.ts";
import { validateObjectName } from "@ais/wire/object-name.ts";
import type { ObjectTransfer } from "@ais/wire/object-transfer.ts";
import { placementNodes, type Smap } from "@ais/wire/smap.ts";
import type { TargetServices } from "../services.ts";
import { describeTransfer } from "../transfer/describe-transfer.ts";
import { sendForJob } from "../transfer/send-for-job.ts";
import { objectKey } from "./object-source.ts";
import { storeCopy } from "./store-copy.ts";

export interface CopyOne {
  readonly key: ObjectKey;
  readonly objectName: string;
  readonly from: JobBucket;
  readonly to: JobBucket;
  readonly args: Pick<CopyMsg, "extensions" | "prepend">;
  /** An object that is at the destination already stays. */
  readonly keepExisting: boolean;
  readonly context: JobContext;
}

/** The copy is whole and durable when it resolves. Safe to repeat: content that is there already is not written again. */
export async function copyOne(copy: CopyOne, services: TargetServices, signal: AbortSignal): Promise<void> {
  const { to, from, context } = copy;
  const { store, member, hrw, facts, metrics } = services;
  const { smap, bmd } = member.snapshot;
  for (const { bucket, bid } of [from, to]) {
    if (findBucket(bmd, bucket)?.bid !== bid) throw bucketNotFound(bucket);
  }
  const name = copyName(copy.objectName, copy.args);
  validateObjectName(name);
  const destination = objectKey({ bucket: to.bucket, bucketId: BigInt(to.bid) }, name);
  const owner = hrw.chooseTarget(placementNodes(smap), destination.uname);
  if (owner === null) throw new AisError("unavailable", "the cluster has no active targets");
  const reader = await store.get(copy.key, { verify: false }, NOOP_SPAN);
  try {
    const transfer = describeTransfer(reader.attributes, member.snapshot, {
      uname: destination.uname,
      bid: to.bid,
      keepExisting: copy.keepExisting,
      jobId: context.record.id,
    });
    const { stats } = context;
    const isHere = owner.id === facts.id;
    if (isHere) await storeHere(transfer, destination, smap, copy, reader, services);
    else {
      const { intraAuth } = services;
      const { stored } = await sendForJob({ peer: owner.snode, transfer, reader, signal, intraAuth });
      if (stored) {
        metrics.add("stream.out.n", 1);
        metrics.add("stream.out.size", reader.lengthBytes);
      }
    }
    // One that was there is counted too: after a restart it may be the work of the process before, which nobody counted.
    stats.objects++;
    stats.bytes += reader.lengthBytes;
    if (isHere) return;
    // Whoever starts a copy counts it, and counts besides what it sends away, as in AIStore.
    stats.sentObjects++;
    stats.sentBytes += reader.lengthBytes;
  } finally {
    reader.release();
  }
}

async function storeHere(
  transfer: ObjectTransfer,
  key: ObjectKey,
  smap: Smap,
  { to }: CopyOne,
  reader: ObjectReader,
  services: TargetServices,
): Promise<void> {
  const props = findBucket(services.member.snapshot.bmd, to.bucket);
  if (props === null || props.bid !== to.bid) throw bucketNotFound(to.bucket);
  await storeCopy({ key, props, smap }, transfer, () => bodyOf(reader), services);
}

function bodyOf({ content, lengthBytes }: ObjectReader): ObjectBody {
  if (content.kind === "bytes") return content.bytes;
  return Bun.file(content.path)
    .slice(content.fileOffsetBytes, content.fileOffsetBytes + lengthBytes)
    .stream();
}
