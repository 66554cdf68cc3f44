import type { DropReason, RecordingLimit } from "../types.ts";

/** Every span that ended is in exactly one place: exported, dropped for a reason, or queued. Kept on the serving thread. */
export class Ledger {
  started = 0;
  ended = 0;
  exported = 0;
  /** In the recorder's buffer or with the exporter. */
  queuedSpans = 0;
  queuedBytes = 0;
  exports = 0;
  exportFailures = 0;
  /** The last export that the collector took: how long it was, and its wall clock; 0 for none. */
  lastExportMs = 0;
  lastExportAtMs = 0;
  /** Wall clock of the last error; 0 for none. */
  lastErrorAtMs = 0;
  #lastError = "";
  readonly #dropped: Partial<Record<DropReason, number>> = {};
  readonly #limitsHit: Partial<Record<RecordingLimit, number>> = {};

  get lastError(): string {
    return this.#lastError;
  }

  set lastError(text: string) {
    this.#lastError = text;
    this.lastErrorAtMs = Date.now();
  }

  get dropped(): Readonly<Partial<Record<DropReason, number>>> {
    return { ...this.#dropped };
  }

  get limitsHit(): Readonly<Partial<Record<RecordingLimit, number>>> {
    return { ...this.#limitsHit };
  }

  /** A span that never got into the queue. */
  drop(reason: DropReason): void {
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + 1;
  }

  limitHit(limit: RecordingLimit): void {
    this.#limitsHit[limit] = (this.#limitsHit[limit] ?? 0) + 1;
  }

  /** Takes a batch out of the queue: `spans` of which `dropped` did not arrive. */
  settle(
    batch: { readonly spans: number; readonly bytes: number },
    dropped: number,
    reason: DropReason,
  ): void {
    this.queuedSpans -= batch.spans;
    this.queuedBytes -= batch.bytes;
    this.exported += batch.spans - dropped;
    if (dropped > 0) this.#dropped[reason] = (this.#dropped[reason] ?? 0) + dropped;
  }
}
