import { Worker } from "node:worker_threads";
import { errorText } from "@ais/base/errors.ts";
import { backoffMs } from "@ais/base/lifecycle.ts";
import type { Logger } from "@ais/base/log.ts";
import type { Ledger } from "../recorder/ledger.ts";
import type { SpanBatch } from "../recorder/recorder.ts";
import type { DropReason } from "../types.ts";
import { endpointText } from "./destination.ts";
import type {
  BatchMessage,
  FromWorker,
  ReadyReport,
  SettledReport,
  TestedReport,
  ToWorker,
  WorkerSetup,
} from "./protocol.ts";
import { WorkerWatch } from "./worker-watch.ts";

const RESTART_BASE_MS = 200;
const RESTART_CAP_MS = 30_000;
/** Finding out what the collector speaks comes on top of the call itself. */
const TEST_EXTRA_MS = 5_000;
/** Somebody waits for it, however long an export may take. */
const TEST_MAX_MS = 60_000;
/** For the worker to give back what it has. It does nothing that takes long. */
const GIVE_BACK_MS = 1_000;
const WATCH_INTERVAL_MS = 5_000;

export interface ExportLinkOptions {
  readonly setup: WorkerSetup;
  readonly ledger: Ledger;
  readonly logger: Logger;
  readonly workerUrl: URL;
  /** How often the worker is asked whether it lives. */
  readonly watchIntervalMs?: number | undefined;
  /** Takes the buffer of a batch that is settled. */
  readonly recycle: (buffer: ArrayBuffer) => void;
}

/** Takes over a batch that this destination did not get. */
export type BatchHeir = (batch: SpanBatch, resource: Uint8Array) => void;

interface Outstanding {
  readonly spans: number;
  readonly bytes: number;
}

/**
 * The serving thread's end of one destination: hands batches to a worker of its own and books what becomes of them. A
 * worker that dies is replaced; the batches it had are lost, those not handed over yet are not.
 */
export class ExportLink {
  readonly #options: ExportLinkOptions;
  readonly #outstanding = new Map<number, Outstanding>();
  /** For the next worker, while there is none that has begun. */
  readonly #waiting: BatchMessage[] = [];
  readonly #tests = new Map<number, (report: TestedReport) => void>();
  #worker: Worker | null = null;
  #isReady = false;
  #watch: WorkerWatch | null = null;
  #restarts = 0;
  #restartTimer: ReturnType<typeof setTimeout> | null = null;
  #lastId = 0;
  #endpoint: string;
  #closed = false;
  #onEmpty: (() => void) | null = null;
  #onGivenBack: ((batches: readonly BatchMessage[]) => void) | null = null;
  /** Told already; the same failure every few seconds is one line in the log. */
  #loggedError = "";

  constructor(options: ExportLinkOptions) {
    this.#options = options;
    this.#endpoint = endpointText(options.setup.destination, null);
    this.#start();
  }

  get endpoint(): string {
    return this.#endpoint;
  }

  send(batch: SpanBatch, resource: Uint8Array): void {
    const id = ++this.#lastId;
    this.#outstanding.set(id, { spans: batch.spans, bytes: batch.bytes.length });
    const message: BatchMessage = { type: "batch", id, spans: batch.spans, resource, bytes: batch.bytes };
    if (this.#worker === null || !this.#isReady) this.#waiting.push(message);
    else post(this.#worker, message);
  }

  /** Sends `bytes`, one span, past the queue. Never rejects. */
  test(bytes: Uint8Array<ArrayBuffer>, resource: Uint8Array): Promise<TestedReport> {
    const worker = this.#worker;
    const id = ++this.#lastId;
    if (worker === null) return Promise.resolve(failedTest(id, "the trace export worker does not run"));
    const timeoutMs = Math.min(this.#options.setup.destination.timeoutMs, TEST_MAX_MS) + TEST_EXTRA_MS;
    return new Promise((resolve) => {
      const give = (report: TestedReport): void => {
        clearTimeout(timer);
        this.#tests.delete(id);
        resolve(report);
      };
      const timer = setTimeout(() => give(failedTest(id, `no answer within ${timeoutMs} ms`)), timeoutMs);
      this.#tests.set(id, give);
      post(worker, { type: "test", id, resource, bytes });
    });
  }

  /**
   * Waits for at most `deadlineMs` until every batch is settled, then gives the rest to `heir`, drops what that does not get
   * for `reason` and ends the worker. A second call while one waits may bring its deadline forward. Never rejects.
   */
  async close(deadlineMs: number, reason: DropReason, heir: BatchHeir | null = null): Promise<void> {
    if (this.#outstanding.size > 0 && !this.#closed) {
      if (this.#worker !== null) post(this.#worker, { type: "hurry" });
      await this.#empty(deadlineMs);
    }
    if (heir !== null && !this.#closed) await this.#bequeath(heir);
    if (this.#closed) return;
    this.#closed = true;
    this.#dropAll(reason);
    this.#failTests("the destination was changed");
    if (this.#restartTimer !== null) clearTimeout(this.#restartTimer);
    const worker = this.#worker;
    this.#worker = null;
    this.#watch?.stop();
    if (worker !== null) await this.#end(worker);
  }

  async #end(worker: Worker): Promise<void> {
    try {
      await worker.terminate();
    } catch (error) {
      this.#options.logger.log("warn", "failed to end the trace export worker", { error: errorText(error) });
    }
  }

  /** Batches stay queued in the books: they change their link. */
  async #bequeath(heir: BatchHeir): Promise<void> {
    const given = this.#waiting.splice(0);
    if (this.#worker !== null && this.#outstanding.size > given.length)
      given.push(...(await this.#takeBack(this.#worker)));
    for (const { id, spans, bytes, resource } of given) {
      // Not there: another call has closed this link meanwhile, and booked it.
      if (this.#outstanding.delete(id)) heir({ spans, bytes }, resource);
    }
  }

  #takeBack(worker: Worker): Promise<readonly BatchMessage[]> {
    return new Promise((resolve) => {
      const give = (batches: readonly BatchMessage[]): void => {
        clearTimeout(timer);
        resolve(batches);
      };
      const timer = setTimeout(give, GIVE_BACK_MS, []);
      this.#onGivenBack = give;
      post(worker, { type: "giveBack" });
    });
  }

  #empty(deadlineMs: number): Promise<void> {
    return new Promise((resolve) => {
      const earlier = this.#onEmpty;
      const done = (): void => {
        clearTimeout(timer);
        earlier?.();
        resolve();
      };
      const timer = setTimeout(done, deadlineMs);
      this.#onEmpty = done;
    });
  }

  #start(): void {
    const { workerUrl, setup, watchIntervalMs: intervalMs = WATCH_INTERVAL_MS } = this.#options;
    this.#restartTimer = null;
    const worker = new Worker(workerUrl, { workerData: setup, name: "trace-export" });
    worker.on("message", (message: FromWorker) => {
      // What one that was given up says yet is booked already.
      if (this.#worker !== worker) return;
      if (message.type === "ready") this.#begin(worker);
      else this.#receive(message);
    });
    worker.on("error", (error) => this.#died(worker, errorText(error)));
    worker.on("exit", (code) => this.#died(worker, `exit code ${code}`));
    // Last, since on Bun a listener for messages takes the reference again.
    worker.unref();
    this.#worker = worker;
    this.#isReady = false;
    this.#watch = new WorkerWatch({
      intervalMs,
      ask: () => post(worker, { type: "ping" }),
      onSilent: () => this.#died(worker, "it does not answer"),
    });
  }

  #begin(worker: Worker): void {
    this.#isReady = true;
    for (const message of this.#waiting.splice(0)) post(worker, message);
  }

  #died(worker: Worker, cause: string): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#watch?.stop();
    // It may live yet: after an error, or in an endless loop.
    void this.#end(worker);
    const { ledger, logger } = this.#options;
    ledger.lastError = `trace export worker ended: ${cause}`;
    ledger.exportFailures++;
    this.#failTests(ledger.lastError);
    this.#onGivenBack?.([]);
    const held = new Set(this.#waiting.map(({ id }) => id));
    for (const id of [...this.#outstanding.keys()]) if (!held.has(id)) this.#drop(id, "worker_crash");
    const delayMs = backoffMs(this.#restarts++, RESTART_BASE_MS, RESTART_CAP_MS);
    logger.log("error", "trace export worker ended", { cause, restart_ms: delayMs });
    this.#restartTimer = setTimeout(() => this.#start(), delayMs);
    this.#restartTimer.unref();
  }

  #receive(message: Exclude<FromWorker, ReadyReport>): void {
    const { ledger, logger } = this.#options;
    this.#watch?.heard();
    switch (message.type) {
      case "attempt":
        ledger.exports++;
        if (message.error !== "") this.#failed(message.error);
        else this.#succeeded(message.durationMs);
        break;
      case "settled":
        this.#settle(message);
        break;
      case "givenBack":
        this.#onGivenBack?.(message.batches);
        break;
      case "pong":
        break;
      case "chosen":
        this.#endpoint = message.endpoint;
        break;
      case "tested":
        this.#tests.get(message.id)?.(message);
        break;
      case "log":
        logger.log(message.level, message.message, message.fields);
    }
  }

  #settle({ id, dropped, reason, message, buffer }: SettledReport): void {
    this.#options.recycle(buffer);
    const batch = this.#outstanding.get(id);
    if (batch === undefined) return;
    this.#restarts = 0;
    if (message !== "") this.#options.ledger.lastError = message;
    this.#take(id, batch, dropped, reason);
  }

  #failTests(status: string): void {
    for (const [id, give] of [...this.#tests]) give(failedTest(id, status));
  }

  #succeeded(durationMs: number): void {
    this.#loggedError = "";
    this.#options.ledger.lastExportMs = durationMs;
    this.#options.ledger.lastExportAtMs = Date.now();
  }

  #failed(error: string): void {
    const { ledger, logger } = this.#options;
    ledger.exportFailures++;
    ledger.lastError = error;
    // Texts differ in times and ports; what stands before the colon says whether it is the same trouble.
    const [trouble = ""] = error.split(":");
    if (trouble === this.#loggedError) return;
    this.#loggedError = trouble;
    logger.log("warn", "failed to export traces", { endpoint: this.#endpoint, error });
  }

  #dropAll(reason: DropReason): void {
    this.#waiting.length = 0;
    for (const id of [...this.#outstanding.keys()]) this.#drop(id, reason);
  }

  #drop(id: number, reason: DropReason): void {
    const batch = this.#outstanding.get(id);
    if (batch !== undefined) this.#take(id, batch, batch.spans, reason);
  }

  #take(id: number, batch: Outstanding, dropped: number, reason: DropReason): void {
    this.#outstanding.delete(id);
    this.#options.ledger.settle(batch, dropped, reason);
    if (this.#outstanding.size === 0) this.#onEmpty?.();
  }
}

function failedTest(id: number, status: string): TestedReport {
  return { type: "tested", id, ok: false, token: "none", latencyMs: 0, status };
}

/** A batch's bytes change hands without a copy. */
function post(worker: Worker, message: ToWorker): void {
  worker.postMessage(message, message.type === "batch" ? [message.bytes.buffer] : []);
}
