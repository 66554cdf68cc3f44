/** `promote`: the files of a directory that this target can read become objects. */
import { must } from "@ais/base/assert.ts";
import { AisError, errorText } from "@ais/base/errors.ts";
import type { JobContext, JobWork, UnitOutcome } from "@ais/node/jobs/job-work.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { PromoteWork } from "@ais/wire/promote.ts";
import { type PromoteTask, promoteFile } from "../promote/promote-file.ts";
import { filesToPromote, type SourceFile } from "../promote/source-files.ts";
import type { TargetServices } from "../services.ts";
import { isPassing } from "./each-object.ts";
import { missingTarget } from "./missing-target.ts";

const FILES_AT_A_TIME = 4;
/** A unit ends after this, so that the job can be stopped, watched and made to wait for requests. */
const UNIT_MAX_MS = 50;
const RETRY_DELAY_MS = 300;

export function promoteFiles(context: JobContext, services: TargetServices): JobWork {
  const { record } = context;
  if (record.from === null) throw new AisError("internal", "a job that promotes files has a bucket");
  context.phase("promote");
  context.workers(FILES_AT_A_TIME);
  const { from: bucket, targets, id: jobId } = record;
  return new PromoteFiles({ work: record.args as PromoteWork, bucket, targets, jobId }, context, services);
}

class PromoteFiles implements JobWork {
  readonly #task: PromoteTask;
  readonly #context: JobContext;
  readonly #services: TargetServices;
  #files: AsyncIterator<SourceFile> | null = null;
  /** Relative path of the last file of those that are done. */
  #cursor: string;
  /** Files at hand that are not done yet, and the relative path of the last one that was read. */
  #batch: readonly SourceFile[] = [];
  #last: string;

  constructor(task: PromoteTask, context: JobContext, services: TargetServices) {
    this.#task = task;
    this.#context = context;
    this.#services = services;
    this.#cursor = context.cursor;
    this.#last = context.cursor;
  }

  cursor(): string {
    return this.#cursor;
  }

  async unit(signal: AbortSignal): Promise<UnitOutcome> {
    const obstacle = missingTarget(this.#task.targets, this.#services);
    if (obstacle !== null) return { kind: "waiting", reason: obstacle, delayMs: RETRY_DELAY_MS };
    const deadlineMs = performance.now() + UNIT_MAX_MS;
    while (performance.now() < deadlineMs) {
      signal.throwIfAborted();
      if (this.#batch.length === 0) this.#batch = await this.#nextBatch();
      if (this.#batch.length === 0) return { kind: "done" };
      const blocked = await this.#promoteBatch(signal);
      if (blocked !== null) return { kind: "waiting", reason: blocked, delayMs: RETRY_DELAY_MS };
      this.#cursor = this.#last;
    }
    return { kind: "worked" };
  }

  /** Null when all are done, otherwise what some of them wait for: those stay in the batch. */
  async #promoteBatch(signal: AbortSignal): Promise<string | null> {
    const outcomes = await Promise.allSettled(this.#batch.map((file) => this.#promote(file, signal)));
    signal.throwIfAborted();
    const left: SourceFile[] = [];
    let blocked: string | null = null;
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === "fulfilled") continue;
      const { reason } = outcome;
      if (!isPassing(reason)) throw reason;
      blocked = errorText(reason);
      left.push(must(this.#batch[index], "file of an outcome"));
    }
    this.#batch = left;
    return blocked;
  }

  async #nextBatch(): Promise<readonly SourceFile[]> {
    this.#files ??= await filesToPromote(this.#services.promoteRoot, this.#task.work, this.#cursor);
    const batch: SourceFile[] = [];
    while (batch.length < FILES_AT_A_TIME) {
      const { done, value } = await this.#files.next();
      if (done === true) break;
      batch.push(value);
    }
    this.#last = batch.at(-1)?.relativePath ?? this.#last;
    return batch;
  }

  async #promote(file: SourceFile, signal: AbortSignal): Promise<void> {
    const { stats } = this.#context;
    const promoted = await promoteFile(file, this.#task, this.#services, signal, NOOP_SPAN);
    if (promoted === null) return;
    stats.objects++;
    stats.bytes += promoted.sizeBytes;
    if (!promoted.isElsewhere) return;
    stats.sentObjects++;
    stats.sentBytes += promoted.sizeBytes;
  }
}
