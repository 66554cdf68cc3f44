/** One target's work on one job, from its start (or its restart) to its end. */
import type { Clock } from "@ais/base/clock.ts";
import { errorText, isAisError } from "@ais/base/errors.ts";
import { backoffMs, sleep } from "@ais/base/lifecycle.ts";
import type { JobDirectory } from "@ais/cluster/jobs/job-directory.ts";
import {
  isOfThisRound,
  type JobRecord,
  type JobShare,
  type JobStats,
  NO_STATS,
  NOTHING_AHEAD,
} from "@ais/cluster/jobs/job-record.ts";
import type { Span, Tracing } from "@ais/tracing/types.ts";
import { bucketCname } from "@ais/wire/bck.ts";
import { jobEntry } from "@ais/wire/jobs/job-kinds.ts";
import type { NodeLogger } from "../logger.ts";
import { JOB_ATTRIBUTE, JOB_SPAN } from "./job-span-names.ts";
import type { JobPhase, JobWork, JobWorks } from "./job-work.ts";
import { Pacer } from "./pacer.ts";

/** Progress goes to the coordinator this seldom; the end goes there at once. */
const SAVE_INTERVAL_MS = 3000;
/** A share that waits this long without doing anything ends the job. */
const STALL_LIMIT_MS = 5 * 60_000;
const SAVE_RETRY_BASE_MS = 100;
const SAVE_RETRY_CAP_MS = 2000;

export interface ShareRunOptions {
  readonly jobs: JobDirectory;
  readonly works: JobWorks;
  readonly nodeId: string;
  readonly tracing: Tracing;
  readonly logger: NodeLogger;
  readonly clock: Clock;
}

/** Objects of a job that other targets sent. */
export interface Arrivals {
  readonly objects: number;
  readonly bytes: number;
}

export class JobShareRun {
  readonly record: JobRecord;
  readonly #options: ShareRunOptions;
  readonly #abort = new AbortController();
  readonly #shutdown = new AbortController();
  readonly #stats: JobStats;
  #share: JobShare;
  #work: JobWork | null = null;
  #stopReason = "";
  #written: Arrivals = { objects: 0, bytes: 0 };
  #units = 0;
  #waits = 0;
  #done: Promise<void> = Promise.resolve();

  /** `earlier` is what a process before this one, or the round before, left of the share. */
  constructor(options: ShareRunOptions, record: JobRecord, earlier: JobShare | null) {
    const { clock, nodeId } = options;
    this.#options = options;
    this.record = record;
    this.#stats = { ...(earlier?.stats ?? NO_STATS) };
    this.#written = arrivalsIn(this.#stats);
    const goesOn = earlier !== null && isOfThisRound(record, earlier) ? earlier : null;
    this.#share = {
      nodeId,
      state: "running",
      ...(record.round === undefined ? {} : { round: record.round }),
      startedNs: earlier?.startedNs ?? clock.nowNs().toString(),
      endedNs: "0",
      runs: (goesOn?.runs ?? 0) + 1,
      stats: this.#stats,
      ahead: goesOn?.ahead ?? NOTHING_AHEAD,
      cursor: goesOn?.cursor ?? "",
      waitingFor: "",
      error: earlier?.error ?? "",
      result: null,
    };
  }

  /** To be called once. Resolves when the share is over, or suspended. */
  start(): Promise<void> {
    this.#done = this.#run();
    return this.#done;
  }

  get done(): Promise<void> {
    return this.#done;
  }

  /** As it is now, which the coordinator learns of seldom. */
  get share(): JobShare {
    return { ...this.#share, stats: { ...this.#stats } };
  }

  /** Ends the share unless its work is done. */
  stop(reason: string): void {
    this.#stopReason ||= reason;
    this.#abort.abort();
  }

  /** The process ends: the share goes on at its next start. */
  suspend(): void {
    this.#shutdown.abort();
    this.#abort.abort();
  }

  /** Objects of this job arrived from other targets. */
  received(objects: number, bytes: number): void {
    this.#stats.receivedObjects += objects;
    this.#stats.receivedBytes += bytes;
  }

  /** What arrived too late to be written with the end of the share. */
  get late(): Arrivals {
    const { objects, bytes } = arrivalsIn(this.#stats);
    return { objects: objects - this.#written.objects, bytes: bytes - this.#written.bytes };
  }

  async #run(): Promise<void> {
    const { record } = this;
    const { tracing } = this.#options;
    const span = tracing.startRoot(JOB_SPAN.root(record.kind), record.trace === null ? [] : [record.trace]);
    describe(span, record, this.#share.runs);
    const phases = new PhaseSpans(span);
    let failure: unknown = null;
    try {
      await this.#save();
      await this.#work_(phases);
    } catch (error) {
      failure = error;
      if (!this.#abort.signal.aborted) {
        span.exception(error);
        span.fail(isAisError(error) ? error.code : "internal", errorText(error));
      }
    }
    phases.end();
    span.set(JOB_ATTRIBUTE.units, this.#units);
    span.set(JOB_ATTRIBUTE.waits, this.#waits);
    // What was copied to another target is in both figures.
    span.set(JOB_ATTRIBUTE.objects, Math.max(this.#stats.objects, this.#stats.sentObjects));
    span.set(JOB_ATTRIBUTE.bytes, Math.max(this.#stats.bytes, this.#stats.sentBytes));
    await this.#conclude(failure, span);
    span.set(JOB_ATTRIBUTE.outcome, this.#shutdown.signal.aborted ? "suspended" : this.#share.state);
    span.end();
  }

  async #work_(phases: PhaseSpans): Promise<void> {
    const { signal } = this.#abort;
    const { works, clock } = this.#options;
    const make = works[this.record.kind];
    if (make === undefined) throw new Error(`jobs of kind "${this.record.kind}" are not supported`);
    const work = make({
      record: this.record,
      cursor: this.#share.cursor,
      ahead: this.#share.ahead,
      announce: (ahead) => {
        this.#share = { ...this.#share, ahead };
        return this.#save().catch(() => undefined);
      },
      workers: (workers) => {
        this.#share = { ...this.#share, workers };
      },
      shareStartedNs: BigInt(this.#share.startedNs),
      stats: this.#stats,
      phase: (name) => phases.begin(name),
      failed: (error) => this.#noteFailure(error),
    });
    this.#work = work;
    const pacer = new Pacer(clock);
    let savedMs = clock.monotonicMs();
    let workedMs = savedMs;
    for (;;) {
      signal.throwIfAborted();
      const outcome = await work.unit(signal);
      this.#units++;
      if (outcome.kind === "done") return;
      const nowMs = clock.monotonicMs();
      this.#share = { ...this.#share, waitingFor: outcome.kind === "waiting" ? outcome.reason : "" };
      if (nowMs - savedMs > SAVE_INTERVAL_MS) {
        savedMs = nowMs;
        // What is not written now is written a little later: progress is no promise.
        await this.#save().catch(() => undefined);
      }
      if (outcome.kind === "worked") {
        workedMs = nowMs;
        await pacer.rest(signal);
        continue;
      }
      this.#waits++;
      if (nowMs - workedMs > STALL_LIMIT_MS)
        throw new Error(`no progress for ${STALL_LIMIT_MS / 60_000} minutes: ${outcome.reason}`);
      await sleep(outcome.delayMs, signal);
    }
  }

  /** The end of a share is written until it is: without it the job would never end. */
  async #conclude(failure: unknown, span: Span): Promise<void> {
    const { logger, clock } = this.#options;
    const cursor = this.#work?.cursor() ?? this.#share.cursor;
    if (this.#shutdown.signal.aborted && failure !== null) {
      this.#share = { ...this.#share, cursor };
      await this.#save().catch(() => undefined);
      return;
    }
    const idles = jobEntry(this.record.kind).idles === true;
    const text = failure === null || this.#stopReason !== "" ? "" : errorText(failure);
    this.#share = {
      ...this.#share,
      state: failure === null ? (idles ? "idle" : "done") : "aborted",
      endedNs: clock.nowNs().toString(),
      cursor,
      ahead: NOTHING_AHEAD,
      waitingFor: "",
      error: this.#share.error === "" ? text : this.#share.error,
      ...(failure === null && this.#work?.mustRepeat?.() === true ? { mustRepeat: true } : {}),
      result: failure === null ? (this.#work?.result?.() ?? null) : null,
    };
    const fields = { job: this.record.id, kind: this.record.kind, state: this.#share.state, error: text };
    logger.log(text === "" ? "info" : "warn", "ended this node's share of a job", fields, span);
    for (let attempt = 0; !this.#shutdown.signal.aborted; attempt++) {
      try {
        await this.#save();
        if (text !== "") await this.#stopOthers(text);
        return;
      } catch (error) {
        logger.log("warn", "failed to write the end of a job", { ...fields, error: errorText(error) }, span);
        await sleep(backoffMs(attempt, SAVE_RETRY_BASE_MS, SAVE_RETRY_CAP_MS), this.#shutdown.signal);
      }
    }
  }

  async #stopOthers(text: string): Promise<void> {
    const { jobs, nodeId, clock } = this.#options;
    const stop = { reason: `t[${nodeId}]: ${text}`, timeNs: clock.nowNs().toString() };
    await jobs.update(this.record.id, (current) => (current.stop === null ? { ...current, stop } : null));
  }

  async #save(): Promise<void> {
    const cursor =
      this.#work === null || this.#share.state !== "running" ? this.#share.cursor : this.#work.cursor();
    this.#share = { ...this.#share, cursor };
    const stats = this.#keptStats();
    await this.#options.jobs.putShare(this.record.id, { ...this.share, stats });
    this.#written = arrivalsIn(stats);
  }

  /** Those that belong to the cursor, as long as there is one to go on from. What others sent does not depend on it. */
  #keptStats(): JobStats {
    const settled = this.#share.state === "running" ? this.#work?.settled?.() : undefined;
    if (settled === undefined) return { ...this.#stats };
    const { receivedObjects, receivedBytes } = this.#stats;
    return { ...settled, receivedObjects, receivedBytes };
  }

  #noteFailure(error: unknown): void {
    if (this.#share.error === "") this.#share = { ...this.#share, error: errorText(error) };
  }
}

function arrivalsIn({ receivedObjects, receivedBytes }: JobStats): Arrivals {
  return { objects: receivedObjects, bytes: receivedBytes };
}

/** The children of a share's root span. */
class PhaseSpans {
  readonly #root: Span;
  #current: { readonly name: JobPhase; readonly span: Span } | null = null;

  constructor(root: Span) {
    this.#root = root;
  }

  begin(name: JobPhase): Span {
    if (this.#current?.name === name) return this.#current.span;
    this.end();
    const span = this.#root.child(JOB_SPAN.phase(name));
    this.#current = { name, span };
    return span;
  }

  end(): void {
    this.#current?.span.end();
    this.#current = null;
  }
}

function describe(span: Span, record: JobRecord, runs: number): void {
  span.set(JOB_ATTRIBUTE.id, record.id);
  span.set(JOB_ATTRIBUTE.kind, record.kind);
  span.set(JOB_ATTRIBUTE.runs, runs);
  if (record.round !== undefined) span.set(JOB_ATTRIBUTE.round, record.round);
  if (record.from !== null) span.set(JOB_ATTRIBUTE.bucket, bucketCname(record.from.bucket));
  if (record.to !== null) span.set(JOB_ATTRIBUTE.destination, bucketCname(record.to.bucket));
}
