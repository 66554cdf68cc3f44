/**
 * `rebalance`: hands every object of this target that placement looks for at another one to that other one, bucket after
 * bucket in order of the names. What is handed over is gone here, so that doing a part of it twice changes nothing.
 */
import { isAisError } from "@ais/base/errors.ts";
import type { JobContext, JobWork, UnitOutcome } from "@ais/node/jobs/job-work.ts";
import type { ObjectStore } from "@ais/storage/types.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { Bck } from "@ais/wire/bck.ts";
import { findBucket, listBuckets } from "@ais/wire/bmd.ts";
import { parseRebalanceArgs, type RebalanceArgs } from "@ais/wire/jobs/rebalance-args.ts";
import { isActive } from "@ais/wire/smap.ts";
import type { TargetServices } from "../services.ts";
import { EachObject } from "./each-object.ts";
import { type ObjectSource, objectKey, type SourceBucket } from "./object-source.ts";

/** Index entries looked at in one unit. */
const BATCH_COUNT = 256;
/** Objects on their way at a time; each is a stream, so memory does not grow with their size. */
const WORKERS = 4;
const RETRY_DELAY_MS = 200;

export function rebalanceObjects(context: JobContext, services: TargetServices): JobWork {
  return new RebalanceWork(context, services, parseRebalanceArgs(context.record.args));
}

class RebalanceWork implements JobWork {
  readonly #context: JobContext;
  readonly #services: TargetServices;
  readonly #args: RebalanceArgs;
  #bucket: SourceBucket | null = null;
  #work: EachObject | null = null;
  #from: Position;
  /** Sent in the pass under way. */
  #sent = 0;

  constructor(context: JobContext, services: TargetServices, args: RebalanceArgs) {
    this.#context = context;
    this.#services = services;
    this.#args = args;
    this.#from = parsePosition(context.cursor);
    context.phase("prepare");
  }

  cursor(): string {
    if (this.#bucket === null || this.#work === null) return formatPosition(this.#from);
    return formatPosition({ bid: this.#bucket.bucketId, after: this.#work.cursor() });
  }

  async unit(signal: AbortSignal): Promise<UnitOutcome> {
    const obstacle = await this.#obstacle();
    if (obstacle !== null) return { kind: "waiting", reason: obstacle, delayMs: RETRY_DELAY_MS };
    this.#context.phase("move");
    if (this.#work === null && !this.#nextBucket()) return this.#endPass();
    const outcome = await this.#work?.unit(signal);
    if (outcome?.kind !== "done") return outcome ?? { kind: "worked" };
    this.#from = { bid: (this.#bucket?.bucketId ?? 0n) + 1n, after: "" };
    this.#work = null;
    return { kind: "worked" };
  }

  /** Null when objects can be moved, else what has to come first. */
  async #obstacle(): Promise<string | null> {
    const { member } = this.#services;
    const { record } = this.#context;
    const isBehind = (): boolean => BigInt(member.snapshot.smap.version) < BigInt(this.#args.smapVersion);
    if (isBehind()) await member.refresh("smap", NOOP_SPAN);
    if (isBehind()) return `cluster map version ${this.#args.smapVersion} is not here yet`;
    const missing = record.targets.find((id) => !Object.hasOwn(member.snapshot.smap.tmap, id));
    return missing === undefined ? null : `t[${missing}] is not in the cluster map`;
  }

  /** False when there is none left. Buckets made since are written by the new placement. */
  #nextBucket(): boolean {
    const buckets = listBuckets(this.#services.member.snapshot.bmd)
      .map(({ bucket, props }): SourceBucket => ({ bucket, bucketId: BigInt(props.bid) }))
      .sort((left, right) => (left.bucketId < right.bucketId ? -1 : 1));
    const next = buckets.find(({ bucketId }) => bucketId >= this.#from.bid);
    if (next === undefined) return false;
    const cursor = next.bucketId === this.#from.bid ? this.#from.after : "";
    this.#bucket = next;
    this.#work = new EachObject({
      context: { ...this.#context, cursor },
      source: this.#misplaced(next),
      workerCount: WORKERS,
      continueOnError: true,
      each: ({ objectName }, signal) => this.#move(next, objectName, signal),
    });
    return true;
  }

  /** A target that is to be empty looks until it finds nothing: a write may have ended behind the pass. */
  #endPass(): UnitOutcome {
    const { member, facts } = this.#services;
    const self = member.snapshot.smap.tmap[facts.id];
    const again = self !== undefined && !isActive(self) && this.#sent > 0;
    this.#sent = 0;
    this.#from = { bid: 0n, after: "" };
    return { kind: again ? "worked" : "done" };
  }

  #misplaced({ bucketId, bucket }: SourceBucket): ObjectSource {
    const { localStore, handOver, facts } = this.#services;
    return {
      async batch(after) {
        const page = await list(localStore, bucketId, after);
        const objects = page.objects.filter(({ objectName }) => {
          const { uname } = objectKey({ bucket, bucketId }, objectName);
          return handOver.ownerOf(uname)?.daemon_id !== facts.id;
        });
        return { objects, next: page.more ? (page.objects.at(-1)?.objectName ?? null) : null };
      },
    };
  }

  async #move(bucket: SourceBucket, objectName: string, signal: AbortSignal): Promise<void> {
    const { handOver } = this.#services;
    const { stats, record } = this.#context;
    try {
      const outcome = await handOver.run(objectKey(bucket, objectName), record.id, signal);
      if (outcome.kind !== "sent") return;
      this.#sent++;
      stats.sentObjects++;
      stats.sentBytes += outcome.bytes;
    } catch (error) {
      // Its objects are to be removed, not moved.
      if (isAisError(error, "bucketNotFound") && (await this.#isGone(bucket))) return;
      throw error;
    }
  }

  async #isGone({ bucket, bucketId }: { readonly bucket: Bck; readonly bucketId: bigint }): Promise<boolean> {
    const { bmd } = await this.#services.member.refresh("bmd", NOOP_SPAN);
    return findBucket(bmd, bucket)?.bid !== bucketId.toString();
  }
}

function list(store: ObjectStore, bucketId: bigint, after: string) {
  return store.list(bucketId, { prefix: "", after, limit: BATCH_COUNT, delimiter: "" }, NOOP_SPAN);
}

/** Where a pass is: in which bucket, and after which name. */
interface Position {
  readonly bid: bigint;
  readonly after: string;
}

function parsePosition(cursor: string): Position {
  const slash = cursor.indexOf("/");
  return slash < 0
    ? { bid: 0n, after: "" }
    : { bid: BigInt(cursor.slice(0, slash)), after: cursor.slice(slash + 1) };
}

function formatPosition({ bid, after }: Position): string {
  return `${bid}/${after}`;
}
