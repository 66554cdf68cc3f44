/** Work on object after object, in batches: what deleting and copying share. */
import { type ErrorCode, errorText, isAisError } from "@ais/base/errors.ts";
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
  /** Must be safe to repeat: after a restart the last objects come again. */
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

  constructor(options: EachObjectOptions) {
    this.#options = options;
    this.#cursor = options.context.cursor;
    const { workerCount } = options;
    this.#workerCount = Math.min(WORKERS_MAX, workerCount > 0 ? workerCount : DEFAULT_WORKERS);
  }

  cursor(): string {
    return this.#cursor;
  }

  async unit(signal: AbortSignal): Promise<UnitOutcome> {
    const obstacle = (await this.#options.obstacle?.()) ?? null;
    if (obstacle !== null) return { kind: "waiting", reason: obstacle, delayMs: RETRY_DELAY_MS };
    if (this.#batch === null) {
      this.#batch = await this.#options.source.batch(this.#cursor);
      this.#left = [...this.#batch.objects];
    }
    const blocked = await this.#work(signal);
    if (blocked !== null) return { kind: "waiting", reason: blocked, delayMs: RETRY_DELAY_MS };
    if (this.#left.length > 0) return { kind: "worked" };
    const { next } = this.#batch;
    if (next === null) return { kind: "done" };
    this.#cursor = next;
    this.#batch = null;
    return { kind: "worked" };
  }

  /** Null, or what stopped the workers for now. */
  async #work(signal: AbortSignal): Promise<string | null> {
    const { each, continueOnError, context } = this.#options;
    const deadlineMs = performance.now() + UNIT_MAX_MS;
    const again: ListedObject[] = [];
    let blocked: string | null = null;
    let fatal: { readonly error: unknown } | null = null;
    const worker = async (): Promise<void> => {
      while (blocked === null && fatal === null && !signal.aborted && performance.now() < deadlineMs) {
        const object = this.#left.pop();
        if (object === undefined) return;
        try {
          await each(object, signal);
        } catch (error) {
          if (signal.aborted) return;
          if (isPassing(error)) {
            again.push(object);
            blocked = errorText(error);
          } else if (continueOnError) context.failed(error);
          else fatal = { error };
        }
      }
    };
    await Promise.all(Array.from({ length: this.#workerCount }, worker));
    signal.throwIfAborted();
    this.#left.push(...again);
    const failure = fatal as { readonly error: unknown } | null;
    if (failure !== null) throw failure.error;
    return blocked;
  }
}

/** A node that restarts, a limit that others have used up, a transfer that went too slowly while others waited. */
const PASSING: readonly ErrorCode[] = ["unavailable", "tooManyRequests", "requestTimeout"];

/** Failures that time heals. */
export function isPassing(error: unknown): boolean {
  return PASSING.some((code) => isAisError(error, code));
}
