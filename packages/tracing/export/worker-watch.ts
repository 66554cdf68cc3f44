/** Answers that may be missing one after the other; a process that was stopped for a while misses one. */
const UNANSWERED_MAX = 6;

export interface WorkerWatchOptions {
  readonly intervalMs: number;
  /** Asks the worker for a sign of life. */
  readonly ask: () => void;
  /** It gives none any more. Called once. */
  readonly onSilent: () => void;
}

/** Finds a worker that neither works nor ends, such as one in an endless loop. One that only waits answers at once. */
export class WorkerWatch {
  readonly #options: WorkerWatchOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #unanswered = 0;

  constructor(options: WorkerWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#tick(), options.intervalMs);
    this.#timer.unref();
  }

  /** Any message is a sign of life. */
  heard(): void {
    this.#unanswered = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    if (this.#unanswered < UNANSWERED_MAX) {
      this.#unanswered++;
      this.#options.ask();
      return;
    }
    this.stop();
    this.#options.onSilent();
  }
}
