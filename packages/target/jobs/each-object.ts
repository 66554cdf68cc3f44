/** Work on object after object, in batches: what deleting and copying share. */
import { type ErrorCode, errorText, isAisError } from "@ais/base/errors.ts";
import { type JobAhead, type JobStats, NOTHING_AHEAD } from "@ais/cluster/jobs/job-record.ts";
import type { JobContext, JobWork, UnitOutcome } from "@ais/node/jobs/job-work.ts";
import type { ListedObject } from "@ais/storage/types.ts";
import type { ObjectBatch, ObjectSource } from "./object-source.ts";

const DEFAULT_WORKERS = 4;
const WORKERS_MAX = 16;
/** A unit ends after this, so that the job can be stopped, watched and made to wait for requests. */
const UNIT_MAX_MS = 50;
/** Between attempts at what another node could not do just now. */
const RETRY_DELAY_MS = 300;

export interface EachObjectOptions {
  readonly source: ObjectSource;
  readonly context: JobContext;
  /** Asked for by the client; 0 leaves it to the target. */
  readonly workerCount: number;
  /** An object that fails is noted and passed over. */
  readonly continueOnError: boolean;
  /** Null when work can go on, otherwise what it has to wait for. */
  readonly obstacle?: () => Promise<string | null>;
  /** Whether an object is about to vanish from the source, which then is how its work is known to be done. */
  readonly vanishes?: (object: ListedObject) => boolean;
  /** See `JobWork`. */
  readonly mustRepeat?: () => boolean;
  /** Must be safe to repeat, and count again what it repeats: after a restart the last objects come again. */
  readonly each: (object: ListedObject, signal: AbortSignal) => Promise<void>;
}

export class EachObject implements JobWork {
  readonly #options: EachObjectOptions;
  readonly #workerCount: number;
  /** Where the batch under way began. */
  #cursor: string;
  #batch: ObjectBatch | null = null;
  /** Of the batch, those not done yet. */
  #left: ListedObject[] = [];
  #settled: JobStats;
  #earlierAhead: JobAhead;

  constructor(options: EachObjectOptions) {
    this.#options = options;
    const { cursor, stats, ahead } = options.context;
    this.#cursor = cursor;
    this.#settled = { ...stats };
    this.#earlierAhead = ahead;
    const { workerCount } = options;
    this.#workerCount = Math.min(WORKERS_MAX, workerCount > 0 ? workerCount : DEFAULT_WORKERS);
    options.context.workers(this.#workerCount);
  }

  cursor(): string {
    return this.#cursor;
  }

  settled(): JobStats {
    return this.#settled;
  }

  mustRepeat(): boolean {
    return this.#options.mustRepeat?.() ?? false;
  }

  async unit(signal: AbortSignal): Promise<UnitOutcome> {
    const obstacle = (await this.#options.obstacle?.()) ?? null;
    if (obstacle !== null) return { kind: "waiting", reason: obstacle, delayMs: RETRY_DELAY_MS };
    this.#batch ??= await this.#begin();
    const { blocked, isIdle } = await this.#work(signal);
    if (blocked !== null && isIdle) return { kind: "waiting", reason: blocked, delayMs: RETRY_DELAY_MS };
    if (this.#left.length > 0) return { kind: "worked" };
    const { next } = this.#batch;
    if (next === null) return { kind: "done" };
    this.#cursor = next;
    this.#batch = null;
    this.#settled = { ...this.#options.context.stats };
    return { kind: "worked" };
  }

  async #begin(): Promise<ObjectBatch> {
    const { source, vanishes, context } = this.#options;
    const batch = await source.batch(this.#cursor, this.#earlierAhead.until);
    this.#left = [...batch.objects];
    if (vanishes === undefined) return batch;
    const found = { ...sumOf(batch.objects.filter(vanishes)), until: batch.next ?? "" };
    // Of the batch that an earlier process had announced, what is not here any more it has done.
    context.stats.objects += Math.max(0, this.#earlierAhead.objects - found.objects);
    context.stats.bytes += Math.max(0, this.#earlierAhead.bytes - found.bytes);
    this.#earlierAhead = NOTHING_AHEAD;
    this.#settled = { ...context.stats };
    if (found.objects > 0) await context.announce(found);
    return batch;
  }

  /** What stopped the workers for now, if anything, and whether they have come no further. */
  async #work(signal: AbortSignal): Promise<{ readonly blocked: string | null; readonly isIdle: boolean }> {
    const { each, continueOnError, context } = this.#options;
    const deadlineMs = performance.now() + UNIT_MAX_MS;
    const again: ListedObject[] = [];
    let isIdle = true;
    let blocked: string | null = null;
    let fatal: { readonly error: unknown } | null = null;
    const worker = async (): Promise<void> => {
      while (blocked === null && fatal === null && !signal.aborted && performance.now() < deadlineMs) {
        const object = this.#left.pop();
        if (object === undefined) return;
        try {
          await each(object, signal);
          isIdle = false;
        } catch (error) {
          if (signal.aborted) return;
          if (isPassing(error)) {
            again.push(object);
            blocked = errorText(error);
          } else if (continueOnError) {
            isIdle = false;
            context.failed(error);
          } else fatal = { error };
        }
      }
    };
    await Promise.all(Array.from({ length: this.#workerCount }, worker));
    signal.throwIfAborted();
    // All others first: what this one waits for may be at a target that waits for one of them.
    this.#left.unshift(...again);
    const failure = fatal as { readonly error: unknown } | null;
    if (failure !== null) throw failure.error;
    return { blocked, isIdle };
  }
}

function sumOf(objects: readonly ListedObject[]): { readonly objects: number; readonly bytes: number } {
  const bytes = objects.reduce((sum, { attributes }) => sum + attributes.sizeBytes, 0);
  return { objects: objects.length, bytes };
}

/** A node that restarts, a limit that others have used up, a transfer that went too slowly while others waited. */
const PASSING: readonly ErrorCode[] = ["unavailable", "tooManyRequests", "requestTimeout"];

/** Failures that time heals. */
export function isPassing(error: unknown): boolean {
  return PASSING.some((code) => isAisError(error, code));
}
