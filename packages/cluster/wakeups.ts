/** Lets any number of waiters sleep until something may have changed, without losing a change made while they looked. */
export class Wakeups {
  readonly #waiting = new Set<() => void>();
  #generation = 0;

  /** Grows at every wake. Read it before looking at the state, and hand it to `changedSince` after. */
  get generation(): number {
    return this.#generation;
  }

  /** Ends every wait that is under way, perhaps for nothing. */
  wake(): void {
    this.#generation++;
    for (const resume of [...this.#waiting]) resume();
  }

  /** Resolves at the first wake after `generation` was read, or when the signal aborts. */
  changedSince(generation: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted || generation !== this.#generation) return resolve();
      const resume = (): void => {
        this.#waiting.delete(resume);
        signal.removeEventListener("abort", resume);
        resolve();
      };
      this.#waiting.add(resume);
      signal.addEventListener("abort", resume, { once: true });
    });
  }
}
