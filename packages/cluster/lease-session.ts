/**
 * Holds one lease at a time for as long as it runs, taking a new one whenever the old one is lost. `isValid` is judged
 * by the node's own monotonic clock from the moment before the request that extended the lease, so it is never true
 * longer than the coordinator keeps the lease.
 */
import type { Clock } from "@ais/base/clock.ts";
import { backoffMs, sleep } from "@ais/base/lifecycle.ts";
import type { Coordinator, Lease } from "./coordinator/coordinator.ts";
import { isTransient } from "./serial-task.ts";
import type { TroubleLog } from "./trouble-log.ts";

export interface SessionEvents {
  /** Before a lease is taken: waits for whatever must not be done under a running lease. */
  prepare(signal: AbortSignal): Promise<void>;
  /** A new lease is held. False gives it back and starts again. */
  acquired(lease: Lease): Promise<boolean>;
  renewed(lease: Lease): Promise<void>;
  /** The lease could not be renewed within its ttl. It may still exist, but must not be relied on. */
  doubted(): void;
  /** The lease and its keys are gone. */
  lost(lease: Lease): void;
}

const RENEWALS_PER_TTL = 3;
const RETRY_BASE_MS = 50;

export interface LeaseSessionOptions {
  readonly coordinator: Coordinator;
  readonly ttlMs: number;
  readonly clock: Clock;
  readonly trouble: TroubleLog;
}

export class LeaseSession {
  readonly #options: LeaseSessionOptions;
  readonly #events: SessionEvents;
  #lease: Lease | null = null;
  #validUntilMs = Number.NEGATIVE_INFINITY;
  #doubtTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(options: LeaseSessionOptions, events: SessionEvents) {
    this.#options = options;
    this.#events = events;
  }

  get lease(): Lease | null {
    return this.#lease;
  }

  get isValid(): boolean {
    return this.#lease !== null && this.#options.clock.monotonicMs() < this.#validUntilMs;
  }

  /** Gives the lease back when the signal aborts. Rejects when the node cannot take part at all. */
  async run(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await this.#events.prepare(signal);
        if (signal.aborted) return;
        await this.#hold(signal);
        attempt = -1;
      } catch (error) {
        if (!isTransient(error)) throw error;
        this.#options.trouble.failed(error);
        await sleep(backoffMs(attempt, RETRY_BASE_MS, this.#renewalIntervalMs), signal);
      }
    }
  }

  async #hold(signal: AbortSignal): Promise<void> {
    const startedMs = this.#options.clock.monotonicMs();
    const lease = await this.#options.coordinator.grantLease(this.#options.ttlMs);
    this.#lease = lease;
    try {
      this.#extendValidity(startedMs);
      const held = !(await this.#events.acquired(lease)) || (await this.#keep(lease, signal));
      this.#drop();
      if (held) await this.#revoke(lease);
    } catch (error) {
      this.#drop();
      // After a transient failure the record may be in place, and the next lease takes it over without a gap.
      if (!isTransient(error)) await this.#revoke(lease);
      throw error;
    }
  }

  /** Returns when the signal aborts (true: the lease is still held) or the lease is lost (false). */
  async #keep(lease: Lease, signal: AbortSignal): Promise<boolean> {
    let failures = 0;
    for (;;) {
      const retryMs = backoffMs(failures - 1, RETRY_BASE_MS, this.#renewalIntervalMs);
      await sleep(failures === 0 ? this.#renewalIntervalMs : retryMs, signal);
      if (signal.aborted) return true;
      try {
        const startedMs = this.#options.clock.monotonicMs();
        if (!(await lease.renew())) {
          this.#drop();
          this.#events.lost(lease);
          return false;
        }
        this.#extendValidity(startedMs);
        await this.#events.renewed(lease);
        failures = 0;
        this.#options.trouble.recovered();
      } catch (error) {
        if (!isTransient(error)) throw error;
        this.#options.trouble.failed(error);
        failures++;
      }
    }
  }

  #extendValidity(startedMs: number): void {
    this.#validUntilMs = startedMs + this.#options.ttlMs;
    this.#clearDoubt();
    const remainingMs = this.#validUntilMs - this.#options.clock.monotonicMs();
    // A timer can fire a little early, when nothing is in doubt yet.
    this.#doubtTimer = setTimeout(() => this.#events.doubted(), Math.max(0, remainingMs) + 2);
  }

  #drop(): void {
    this.#lease = null;
    this.#clearDoubt();
  }

  #clearDoubt(): void {
    if (this.#doubtTimer !== null) clearTimeout(this.#doubtTimer);
    this.#doubtTimer = null;
  }

  /** What cannot be revoked runs out by itself. */
  async #revoke(lease: Lease): Promise<void> {
    try {
      await lease.revoke();
    } catch (error) {
      this.#options.trouble.failed(error);
    }
  }

  get #renewalIntervalMs(): number {
    return Math.max(1, Math.floor(this.#options.ttlMs / RENEWALS_PER_TTL));
  }
}
