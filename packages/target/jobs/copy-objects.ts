/** `copy-bck`, `copy-listrange` and `move-bck`: copies this target's objects of one bucket to where they belong in another. */
import { AisError, isAisError } from "@ais/base/errors.ts";
import type { JobStats } from "@ais/cluster/jobs/job-record.ts";
import type { JobContext, JobWork, UnitOutcome } from "@ais/node/jobs/job-work.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { findBucket } from "@ais/wire/bmd.ts";
import type { CopyMsg } from "@ais/wire/jobs/job-messages.ts";
import { isSettled } from "@ais/wire/rmd.ts";
import type { TargetServices } from "../services.ts";
import { copyOne } from "./copy-one.ts";
import { EachObject } from "./each-object.ts";
import { InTurn } from "./in-turn.ts";
import { missingShare } from "./missing-target.ts";
import { objectKey, openSource } from "./object-source.ts";
import { PruneCopies } from "./prune-copies.ts";

/** Between looks at whether the source may be read as a whole. */
const DRAIN_DELAY_MS = 50;

export function copyObjects(context: JobContext, services: TargetServices): JobWork {
  const { from, to } = context.record;
  if (from === null || to === null)
    throw new AisError("internal", "a job that copies objects has two buckets");
  const args = context.record.args as CopyMsg;
  if (!prunes(args)) return copyAll(context, services);
  return new InTurn(context.cursor, [
    (cursor) => copyAll({ ...context, cursor }, services),
    (cursor) => new PruneCopies({ from, to, args, context, cursor }, services),
  ]);
}

/** Whether copies without an original are removed at the destination, after the others were made. */
export function prunes({ synchronize, dryRun }: CopyMsg): boolean {
  // A record of an older version does not say.
  return synchronize === true && !dryRun;
}

function copyAll(context: JobContext, services: TargetServices): JobWork {
  const { record, stats } = context;
  const { from, to, kind } = record;
  if (from === null || to === null)
    throw new AisError("internal", "a job that copies objects has two buckets");
  const args = record.args as CopyMsg;
  const { localStore, member } = services;
  const source = { bucket: from.bucket, bucketId: BigInt(from.bid) };
  const isMove = kind === "move-bck";
  const startNs = BigInt(record.startedNs);
  // Copies made by this job into the bucket that it reads would be copied again.
  const skipsOwn = from.bid === to.bid;
  if (!isMove) context.phase("copy");
  const work = new EachObject({
    context,
    source: openSource(localStore, source, args.selection),
    workerCount: args.workerCount,
    continueOnError: args.continueOnError,
    obstacle: async () => missingShare(record, services),
    async each(object, signal) {
      if (skipsOwn && object.attributes.createdNs > startNs) return;
      if (args.dryRun) {
        stats.objects++;
        stats.bytes += object.attributes.sizeBytes;
        return;
      }
      const key = objectKey(source, object.objectName);
      try {
        await copyOne(
          { key, objectName: object.objectName, from, to, args, keepExisting: isMove, context },
          services,
          signal,
        );
        // Its owner may wait for it.
        if (
          !isSettled(member.snapshot) &&
          services.handOver.ownerOf(key.uname)?.daemon_id !== services.facts.id
        )
          services.shareHolds.done(record.id, key, object.attributes.createdNs);
      } catch (error) {
        // Deleted while the job was on its way to it; a missing bucket has another code.
        if (!isAisError(error, "notFound")) throw error;
      }
    },
  });
  return isMove ? new DrainedFirst(work, () => isQuiet(source.bucketId)) : work;

  /** Nobody writes to the source any more, and never will: what is there now is all there is to move. */
  async function isQuiet(bucketId: bigint): Promise<boolean> {
    context.phase("drain");
    const current = () => findBucket(member.snapshot.bmd, source.bucket);
    if (current()?.Renamed === "") await member.refresh("bmd", NOOP_SPAN);
    const isClosed = current()?.Renamed !== "";
    // The other processes first: each of them has seen by then that the bucket is closed.
    const others = isClosed ? await services.workers.writers(bucketId, member.snapshot.bmd.version) : 0;
    const isQuietNow = isClosed && others === 0 && services.bucketGate.writers(bucketId) === 0;
    if (isQuietNow) context.phase("copy");
    return isQuietNow;
  }
}

/** Waits for a condition that, once met, stays so; then works. */
class DrainedFirst implements JobWork {
  readonly #work: JobWork;
  readonly #isReady: () => Promise<boolean>;
  #isOpen = false;

  constructor(work: JobWork, isReady: () => Promise<boolean>) {
    this.#work = work;
    this.#isReady = isReady;
  }

  cursor(): string {
    return this.#work.cursor();
  }

  settled(): JobStats | undefined {
    return this.#work.settled?.();
  }

  async unit(signal: AbortSignal): Promise<UnitOutcome> {
    this.#isOpen ||= await this.#isReady();
    if (this.#isOpen) return this.#work.unit(signal);
    return { kind: "waiting", reason: "writes to the bucket are still under way", delayMs: DRAIN_DELAY_MS };
  }
}
