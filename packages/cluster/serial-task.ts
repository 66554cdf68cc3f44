import { isAisError } from "@ais/base/errors.ts";
import { backoffMs } from "@ais/base/lifecycle.ts";
import { LeaseExpiredError } from "./coordinator/coordinator.ts";

const RETRY_BASE_MS = 50;
const RETRY_CAP_MS = 1000;

/** Failures that pass by themselves. All others are fatal to the node. */
export function isTransient(error: unknown): boolean {
  return isAisError(error, "unavailable") || error instanceof LeaseExpiredError;
}

/**
 * Work that is triggered by events, never runs twice at a time, and looks at the newest state: triggers that come while it
 * runs cause one more run. Transient failures are retried until it is stopped.
 */
export class SerialTask {
  readonly #body: () => Promise<void>;
  readonly #onError: (error: unknown) => void;
  #running: Promise<void> = Promise.resolve();
  #active = false;
  #again = false;
  #stopped = false;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** `onError` hears of every failure; those that are not transient are not retried. */
  constructor(body: () => Promise<void>, onError: (error: unknown) => void) {
    this.#body = body;
    this.#onError = onError;
  }

  trigger(): void {
    if (this.#stopped) return;
    this.#again = true;
    if (this.#active) return;
    this.#active = true;
    this.#running = this.#run();
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        await this.#body();
        this.#attempt = 0;
      }
    } catch (error) {
      this.#onError(error);
      if (isTransient(error)) this.#retryLater();
    } finally {
      this.#active = false;
    }
  }

  #retryLater(): void {
    if (this.#stopped) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.trigger(), backoffMs(this.#attempt++, RETRY_BASE_MS, RETRY_CAP_MS));
  }
}
