/** Keeps one worker running: starts it, and starts it again when it ends by itself. */
import { errorText } from "@ais/base/errors.ts";
import { backoffMs, sleep } from "@ais/base/lifecycle.ts";
import type { Logger } from "@ais/base/log.ts";
import { countersOf, type MetricsDump, mergeDumps, NO_METRICS } from "../metrics/dump.ts";
import { withoutCounts } from "../metrics/without-counts.ts";
import type { Handlers } from "./channel.ts";
import type { ToMain, WorkerFigures, WorkerReady, WorkerStart } from "./protocol.ts";
import { RelayService } from "./relay-service.ts";
import type { WorkerHost } from "./worker-host.ts";
import { startWorkerProcess, type WorkerCommand, type WorkerProcess } from "./worker-process.ts";

const START_TIMEOUT_MS = 60_000;
const RESTART_BASE_MS = 100;
const RESTART_CAP_MS = 10_000;
/** A worker that served for so long did not fail at its start. */
const HEALTHY_MS = 30_000;

export interface WorkerSlotOptions {
  readonly number: number;
  readonly command: WorkerCommand;
  readonly logger: Logger;
  readonly start: () => WorkerStart;
  /** Lines for a watcher of finished requests; false when nobody watches any more. */
  readonly onWatched: (watch: number, lines: Uint8Array) => Promise<boolean>;
  /** The worker serves. */
  readonly onReady: (slot: WorkerSlot) => void;
  readonly onTailed: (slot: WorkerSlot, traceIds: readonly string[]) => void;
}

export class WorkerSlot {
  readonly #options: WorkerSlotOptions;
  readonly #stopping = new AbortController();
  #process: WorkerProcess | null = null;
  #ready: WorkerReady | null = null;
  #figures: WorkerFigures | null = null;
  /** What processes of this slot had counted that have ended. */
  #past: MetricsDump = NO_METRICS;
  restarts = 0;

  constructor(options: WorkerSlotOptions) {
    this.#options = options;
  }

  /** Null unless the worker has been started and has not ended. */
  get process(): WorkerProcess | null {
    return this.#process;
  }

  /** Null unless the worker serves. */
  get serving(): WorkerProcess | null {
    return this.#ready === null ? null : this.#process;
  }

  get past(): MetricsDump {
    return this.#past;
  }

  forgetPast(onlyErrors: boolean): void {
    this.#past = withoutCounts(this.#past, onlyErrors);
  }

  note(figures: WorkerFigures): void {
    this.#figures = figures;
  }

  /** True for the run of the worker that is there; of one that still starts no run is known, so it has all of them. */
  mayHaveRun(mountpath: string, run: number): boolean {
    if (this.#process === null) return false;
    return this.#ready === null || this.#ready.runs.get(mountpath) === run;
  }

  /** Resolves when the slot was stopped and its process has ended. `onSettled` is called after the first attempt to start. */
  async run(host: WorkerHost, onSettled: () => void): Promise<void> {
    const { logger, number } = this.#options;
    const { signal } = this.#stopping;
    for (let attempt = 0; !signal.aborted; attempt++) {
      if (attempt > 0) await sleep(backoffMs(attempt, RESTART_BASE_MS, RESTART_CAP_MS), signal);
      if (signal.aborted) break;
      const startedMs = performance.now();
      const how = await this.#runOnce(host, onSettled);
      if (signal.aborted) break;
      this.restarts++;
      if (performance.now() - startedMs > HEALTHY_MS) attempt = 0;
      logger.log("error", "a worker process ended, starting another one", { worker: number, ended: how });
    }
    onSettled();
  }

  /** Asks the worker to end, and makes it after the deadline. True when it ended by itself. */
  async stop(deadlineMs: number): Promise<boolean> {
    this.#stopping.abort();
    const running = this.#process;
    if (running === null) return true;
    running.channel.tell("stop", null);
    const timer = new AbortController();
    const isInTime = await Promise.race([
      running.ended.then(() => true),
      sleep(deadlineMs, timer.signal).then(() => false),
    ]);
    timer.abort();
    if (!isInTime) running.kill();
    await running.ended;
    return isInTime;
  }

  /** Resolves with how the process ended. */
  async #runOnce(host: WorkerHost, onSettled: () => void): Promise<string> {
    const { command, logger, start, number, onReady } = this.#options;
    const relays = new RelayService(host.handler, () => running.channel);
    const handlers = this.#handlers(host, relays);
    const running = startWorkerProcess(command, host.lockDescriptors, handlers, logger);
    this.#process = running;
    try {
      this.#ready = await running.channel.ask("start", start(), START_TIMEOUT_MS);
      logger.log("info", "started a worker process", { worker: number, pid: running.pid });
      onReady(this);
    } catch (error) {
      logger.log("error", "failed to start a worker process", { worker: number, error: errorText(error) });
      running.kill();
    }
    onSettled();
    const how = await running.ended;
    host.workerEnded(this.#ready?.runs ?? new Map());
    this.#process = null;
    this.#ready = null;
    relays.end();
    if (this.#figures !== null) this.#past = mergeDumps([this.#past, countersOf(this.#figures.metrics)]);
    this.#figures = null;
    return how;
  }

  #handlers(host: WorkerHost, relays: RelayService): Handlers<ToMain> {
    const { onTailed, onWatched } = this.#options;
    return {
      figures: done((figures) => this.note(figures)),
      log: done((lines) => host.log(lines)),
      retire: done(({ mountpath, fileId, cause }) => host.retire(mountpath, fileId, cause)),
      expedite: async (mountpath) => {
        await host.expedite(mountpath);
        return null;
      },
      jobObject: done(({ jobId, bytes }) => host.jobObject(jobId, bytes)),
      listed: done(({ id, bucket, bid, objectCount }) => host.listed(id, bucket, bid, objectCount)),
      recentReads: done((reads) => host.recentReads(reads)),
      handOver: (name) => host.handOver(name),
      keepObject: async (uname) => {
        await host.keepObject(uname);
        return null;
      },
      tailed: done((traceIds) => onTailed(this, traceIds)),
      watched: ({ watch, lines }) => onWatched(watch, lines),
      relay: (request) => relays.serve(request),
      relayGone: done((relay) => relays.gone(relay)),
      relayDone: done(({ relay, outcome }) => relays.done(relay, outcome)),
    };
  }
}

/** A handler whose answer says no more than that it is done. */
function done<Ask>(work: (ask: Ask) => void): (ask: Ask) => null {
  return (ask) => {
    work(ask);
    return null;
  };
}
