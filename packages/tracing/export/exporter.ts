import { backoffMs } from "@ais/base/lifecycle.ts";
import { requestParts } from "../otlp/request.ts";
import type { DropReason } from "../types.ts";
import type { AttemptReport, BatchMessage, SettledReport } from "./protocol.ts";
import type { Transport } from "./transport.ts";

/** Calls under way at once: enough to keep a collector busy that answers slowly. */
const LANES = 4;
const BACKOFF_BASE_MS = 500;
const BACKOFF_CAP_MS = 10_000;

export interface ExporterOptions {
  readonly transport: Transport;
  readonly scope: Uint8Array;
  readonly exportTimeoutMs: number;
  readonly report: (report: AttemptReport | SettledReport) => void;
  readonly random?: () => number;
}

interface Waiting {
  readonly batch: BatchMessage;
  readonly receivedMs: number;
}

/**
 * Sends batches in the order of their coming, a few at a time, each until it is settled. All lanes hold back together
 * while the collector asks for it or cannot be reached. The sender bounds what is here at once.
 */
export class Exporter {
  readonly #options: ExporterOptions;
  readonly #queue: Waiting[] = [];
  #lanes = 0;
  #failuresInRow = 0;
  #notBeforeMs = 0;
  readonly #sleepers = new Set<() => void>();
  readonly #underWay = new Set<BatchMessage>();
  #isOver = false;

  constructor(options: ExporterOptions) {
    this.#options = options;
  }

  add(batch: BatchMessage): void {
    this.#queue.push({ batch, receivedMs: performance.now() });
    if (this.#lanes < LANES) void this.#runLane();
  }

  /** Ends the present wait between tries. */
  hurry(): void {
    this.#notBeforeMs = 0;
    this.#failuresInRow = 0;
    for (const wake of this.#sleepers) wake();
  }

  /**
   * Ends everything and returns what is not settled. A call that is under way may succeed yet: its batch arrives twice
   * then, as after any answer that is lost.
   */
  giveBack(): readonly BatchMessage[] {
    this.#isOver = true;
    // A call may still read the bytes of its batch, so that they cannot change hands.
    const copies = [...this.#underWay].map((batch) => ({ ...batch, bytes: batch.bytes.slice() }));
    return [...copies, ...this.#queue.splice(0).map(({ batch }) => batch)];
  }

  async #runLane(): Promise<void> {
    this.#lanes++;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      this.#underWay.add(next.batch);
      await this.#deliver(next);
      this.#underWay.delete(next.batch);
    }
    this.#lanes--;
  }

  async #deliver({ batch, receivedMs }: Waiting): Promise<void> {
    const { transport, scope, report, exportTimeoutMs } = this.#options;
    const parts = requestParts(batch.resource, scope, batch.bytes);
    for (;;) {
      await this.#waitForTurn();
      if (this.#isOver) return;
      const startedMs = performance.now();
      const outcome = await transport.export(parts);
      if (this.#isOver) return;
      const durationMs = performance.now() - startedMs;
      const error = outcome.kind === "taken" ? "" : outcome.error;
      report({ type: "attempt", durationMs, error });
      if (outcome.kind === "taken") {
        this.#failuresInRow = 0;
        const dropped = Math.max(0, Math.min(outcome.rejected, batch.spans));
        report(settled(batch, dropped, "rejected", outcome.message));
        return;
      }
      if (outcome.kind === "refused") {
        this.#failuresInRow = 0;
        report(settled(batch, batch.spans, "refused", error));
        return;
      }
      if (performance.now() - receivedMs >= exportTimeoutMs) {
        report(settled(batch, batch.spans, "unavailable", error));
        return;
      }
      this.#holdBack(outcome.delayMs);
    }
  }

  #holdBack(askedMs: number | null): void {
    const { random, exportTimeoutMs } = this.#options;
    // Collectors round 100 ms down to `Retry-After: 0`: with no more than that, each node would ask as fast as it can.
    const wantedMs =
      askedMs !== null && askedMs >= BACKOFF_BASE_MS
        ? askedMs
        : Math.max(askedMs ?? 0, backoffMs(this.#failuresInRow, BACKOFF_BASE_MS, BACKOFF_CAP_MS, random));
    // A collector that asks for days is asked again when what waits would have to be given up: it may have been replaced.
    const delayMs = Math.min(wantedMs, exportTimeoutMs);
    this.#failuresInRow++;
    this.#notBeforeMs = Math.max(this.#notBeforeMs, performance.now() + delayMs);
  }

  async #waitForTurn(): Promise<void> {
    for (;;) {
      const waitMs = this.#notBeforeMs - performance.now();
      if (waitMs <= 0) return;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          this.#sleepers.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, waitMs);
        this.#sleepers.add(wake);
      });
    }
  }
}

function settled(
  { id, bytes }: BatchMessage,
  dropped: number,
  reason: DropReason,
  message: string,
): SettledReport {
  return { type: "settled", id, dropped, reason, message, buffer: bytes.buffer };
}
