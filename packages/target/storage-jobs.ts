/** Checks and scrubs of this target's data: at most one of each kind at a time, and the report of the last one. */
import { randomBytes } from "node:crypto";
import type { Clock } from "@ais/base/clock.ts";
import { AisError, errorText } from "@ais/base/errors.ts";
import type { ClusterMember } from "@ais/cluster/member.ts";
import type { NodeLogger } from "@ais/node/logger.ts";
import type { ObjectStore, RunningCheck } from "@ais/storage/types.ts";
import type { Span, SpanContext, Tracing } from "@ais/tracing/types.ts";
import { bucketCname } from "@ais/wire/bck.ts";
import { listBuckets } from "@ais/wire/bmd.ts";
import { bucketId } from "@ais/wire/bprops.ts";
import {
  damageCount,
  type StorageJobKind,
  type StorageJobRequest,
  type StorageJobState,
  type StorageJobStatus,
} from "@ais/wire/storage-report.ts";

export interface StorageJobsOptions {
  readonly store: ObjectStore;
  readonly member: ClusterMember;
  readonly tracing: Tracing;
  readonly logger: NodeLogger;
  readonly clock: Clock;
}

interface Job {
  readonly id: string;
  readonly request: StorageJobRequest;
  readonly startedMs: number;
  readonly controller: AbortController;
  readonly check: RunningCheck;
  state: StorageJobState;
  error: string;
  endedMs: number;
  /** Resolves when `state` is final. */
  ended: Promise<void>;
}

export class StorageJobs implements AsyncDisposable {
  readonly #options: StorageJobsOptions;
  readonly #jobs = new Map<StorageJobKind, Job>();

  constructor(options: StorageJobsOptions) {
    this.#options = options;
  }

  /** Throws `conflict` while one of this kind runs. `startedBy` is the request's span, which the job's root links to. */
  start(kind: StorageJobKind, request: StorageJobRequest, startedBy: SpanContext): StorageJobStatus {
    const running = this.#jobs.get(kind);
    if (running?.state === "running") {
      throw new AisError("conflict", `a ${kind} is running already, "${running.id}"`);
    }
    const { store, tracing, clock, logger } = this.#options;
    const id = randomBytes(6).toString("hex");
    const span = tracing.startRoot(`ais.job ${kind}`, [startedBy]);
    span.set("ais.job.id", id);
    const controller = new AbortController();
    const check = store.check(
      {
        verify: request.verify,
        mark: kind === "scrub",
        bytesPerSecond: request.bytes_per_second,
        bucketName: this.#bucketNames(),
        signal: controller.signal,
      },
      span,
    );
    const startedMs = clock.nowMs();
    const ended = Promise.resolve();
    const job: Job = {
      id,
      request,
      startedMs,
      controller,
      check,
      state: "running",
      error: "",
      endedMs: 0,
      ended,
    };
    job.ended = this.#follow(kind, job, span);
    this.#jobs.set(kind, job);
    logger.log("info", `started a ${kind}`, { job: id, verify: request.verify }, span);
    return this.status(kind);
  }

  status(kind: StorageJobKind): StorageJobStatus {
    const job = this.#jobs.get(kind);
    return {
      kind,
      id: job?.id ?? "",
      state: job?.state ?? "never",
      error: job?.error ?? "",
      verify: job?.request.verify ?? false,
      bytes_per_second: job?.request.bytes_per_second ?? 0,
      started_ms: job?.startedMs ?? 0,
      ended_ms: job?.endedMs ?? 0,
      mountpaths: job?.check.reports() ?? [],
    };
  }

  /** Resolves with the final report. A job that has ended stays as it is. */
  async stop(kind: StorageJobKind): Promise<StorageJobStatus> {
    const job = this.#jobs.get(kind);
    job?.controller.abort();
    await job?.ended;
    return this.status(kind);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const kind of this.#jobs.keys()) await this.stop(kind);
  }

  async #follow(kind: StorageJobKind, job: Job, span: Span): Promise<void> {
    const { clock, logger } = this.#options;
    try {
      await job.check.done;
      job.state = "finished";
    } catch (error) {
      job.state = job.controller.signal.aborted ? "stopped" : "failed";
      if (job.state === "failed") {
        job.error = errorText(error);
        span.exception(error);
        span.fail("storage_job", job.error);
      }
    }
    job.endedMs = clock.nowMs();
    const reports = job.check.reports();
    const damages = reports.reduce((sum, report) => sum + damageCount(report), 0);
    const objects = reports.reduce((sum, report) => sum + report.objects, 0);
    span.set("ais.job.state", job.state);
    span.set("ais.job.objects", objects);
    span.set("ais.job.damages", damages);
    const level = damages > 0 || job.state === "failed" ? "error" : "info";
    const fields = { job: job.id, state: job.state, objects, damages, error: job.error };
    logger.log(level, `ended a ${kind}`, fields, span);
    span.end();
  }

  /** As they are now: a bucket made later has nothing that is looked at. */
  #bucketNames(): (id: bigint) => string | null {
    const { bmd } = this.#options.member.snapshot;
    const names = new Map(
      listBuckets(bmd).map(({ bucket, props }) => [bucketId(props), bucketCname(bucket)]),
    );
    return (id) => names.get(id) ?? null;
  }
}
