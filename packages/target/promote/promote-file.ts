/** One file becomes one object: here, or at the target that owns its name. */
import { lstat, unlink } from "node:fs/promises";
import { AisError, errorText } from "@ais/base/errors.ts";
import type { JobBucket } from "@ais/cluster/jobs/job-record.ts";
import type { Checksum, ObjectKey } from "@ais/storage/types.ts";
import type { Span } from "@ais/tracing/types.ts";
import { findBucket } from "@ais/wire/bmd.ts";
import type { Bprops } from "@ais/wire/bprops.ts";
import { bucketNotFound } from "@ais/wire/error-texts.ts";
import { validateObjectName } from "@ais/wire/object-name.ts";
import type { TransferResult } from "@ais/wire/object-transfer.ts";
import { type PromoteWork, promotedName } from "@ais/wire/promote.ts";
import { placementAmong, placementNodes } from "@ais/wire/smap.ts";
import { objectKey } from "../jobs/object-source.ts";
import { storeCopy } from "../jobs/store-copy.ts";
import { durabilityOf } from "../locate.ts";
import type { TargetServices } from "../services.ts";
import { describeTransfer } from "../transfer/describe-transfer.ts";
import { sendForJob } from "../transfer/send-for-job.ts";
import { fileChecksum, fileReader } from "./file-reader.ts";
import { type OpenSource, openSourceFile, type SourceFile } from "./source-files.ts";

export interface PromoteTask {
  readonly work: PromoteWork;
  readonly bucket: JobBucket;
  /** Ids of the targets that share the work. */
  readonly targets: readonly string[];
  /** Empty for a promotion that its request waits for. */
  readonly jobId: string;
}

/** Where an object went; null when nothing was stored. */
export interface Promoted {
  readonly sizeBytes: number;
  readonly isElsewhere: boolean;
}

/**
 * The object is whole when it resolves. Its file, if that is to go, goes after the object is on the disk. Safe to repeat. Null when
 * the file is another target's, has gone, or an object of its name is there and is to stay.
 */
export async function promoteFile(
  file: SourceFile,
  task: PromoteTask,
  services: TargetServices,
  signal: AbortSignal,
  span: Span,
): Promise<Promoted | null> {
  const { work, bucket } = task;
  const { args, isDirectory } = work;
  const objectName = promotedName(args.objectName, file.relativePath, isDirectory);
  validateObjectName(objectName);
  const key = objectKey({ bucket: bucket.bucket, bucketId: BigInt(bucket.bid) }, objectName);
  if (!isOwnShare(key, task, services)) return null;
  await using source = await openSourceFile(services.promoteRoot, file);
  if (source === null) return null;
  const promoting = span.child("ais.promote.file");
  try {
    const { result, isElsewhere } = await store(key, source, task, services, signal, promoting);
    if (args.deleteSource && (result.stored || (await isKeptFor(source, result.checksum, bucket, services))))
      await removeSource(file, source, services);
    return result.stored ? { sizeBytes: source.stat.size, isElsewhere } : null;
  } catch (error) {
    promoting.fail("promote", errorText(error));
    throw error;
  } finally {
    promoting.end();
  }
}

/**
 * Of files that all targets see, each target does those that would be its own if just the targets that share the work were
 * there, in service or not: a cluster map that changes meanwhile leaves no file to nobody.
 */
function isOwnShare(
  { uname }: ObjectKey,
  { work, targets }: PromoteTask,
  { hrw, member, facts }: TargetServices,
): boolean {
  if (!work.isShared) return true;
  const nodes = placementAmong(member.snapshot.smap, targets);
  return hrw.chooseTarget(nodes, uname)?.id === facts.id;
}

interface Stored {
  readonly result: Pick<TransferResult, "stored" | "checksum">;
  readonly isElsewhere: boolean;
}

async function store(
  key: ObjectKey,
  { stat, descriptorPath }: OpenSource,
  { work, bucket, jobId }: PromoteTask,
  services: TargetServices,
  signal: AbortSignal,
  span: Span,
): Promise<Stored> {
  const { member, hrw, facts, metrics, clock, intraAuth } = services;
  const props = currentProps(bucket, services);
  const { smap } = member.snapshot;
  const owner = hrw.chooseTarget(placementNodes(smap), key.uname);
  if (owner === null) throw new AisError("unavailable", "the cluster has no active targets");
  const file = { sizeBytes: stat.size, checksum: null, atimeNs: clock.nowNs(), custom: {} };
  const transfer = describeTransfer(file, member.snapshot, {
    uname: key.uname,
    bid: bucket.bid,
    keepExisting: !work.args.overwrite,
    durable: work.args.deleteSource,
    jobId,
  });
  const reader = fileReader(descriptorPath, stat);
  if (owner.id !== facts.id) {
    const sending = span.child("ais.promote.send");
    try {
      const result = await sendForJob({ peer: owner.snode, transfer, reader, signal, intraAuth });
      if (result.stored) {
        metrics.add("stream.out.n", 1);
        metrics.add("stream.out.size", stat.size);
      }
      return { result, isElsewhere: true };
    } finally {
      sending.end();
    }
  }
  const place = { key, props, smap };
  const { attributes, stored } = await storeCopy(place, transfer, () => reader.body(), services, span);
  return { result: { stored, checksum: attributes.checksum }, isElsewhere: false };
}

function currentProps({ bucket, bid }: JobBucket, { member }: TargetServices): Bprops {
  const props = findBucket(member.snapshot.bmd, bucket);
  if (props === null || props.bid !== bid) throw bucketNotFound(bucket);
  return props;
}

/**
 * The object is there because an earlier try made it, or because somebody put the very same. In a bucket that promises
 * nothing at power loss it may not be on the disk yet: the file stays.
 */
async function isKeptFor(
  source: OpenSource,
  checksum: Checksum | null,
  bucket: JobBucket,
  services: TargetServices,
): Promise<boolean> {
  return (
    checksum !== null &&
    durabilityOf(currentProps(bucket, services)) === "fsync" &&
    (await fileChecksum(source.descriptorPath, source.stat.size, checksum.type)) === checksum.value
  );
}

/** A file that changed while it was read is not what was stored, and stays. */
async function removeSource(
  { path }: SourceFile,
  { stat }: OpenSource,
  { logger }: TargetServices,
): Promise<void> {
  try {
    const now = await lstat(path);
    const isSame = now.ino === stat.ino && now.dev === stat.dev && now.size === stat.size;
    if (isSame && now.mtimeMs === stat.mtimeMs) await unlink(path);
    else logger.log("warn", "kept a promoted file that has changed since", { path });
  } catch (error) {
    logger.log("warn", "failed to remove a promoted file", { path, error: errorText(error) });
  }
}
