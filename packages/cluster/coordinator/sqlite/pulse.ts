/**
 * The heartbeat of one connection: notices what other processes changed and which leases ran out, and tells the
 * watches. Runs only while there is a watch or a lease; a beat that finds nothing costs a few microseconds.
 */
import { Wakeups } from "../../wakeups.ts";
import type { MachineClock } from "./machine-clock.ts";

export interface PulseDuties {
  /** Throws when the database cannot be read. True when another connection has changed it since the last call. */
  changedByOthers(): boolean;
  /** Throws when the database is gone or cannot be read. True when some lease has run out. */
  expiryDue(nowMs: number): boolean;
  /** Expires what has run out. Rejects when the database cannot be written. */
  sweep(): Promise<void>;
}

export interface PulseTimes {
  readonly pollIntervalMs: number;
  readonly sweepIntervalMs: number;
  /** A look for expired leases that comes later than this means that this process, or the whole machine, stood still. */
  readonly stallMs: number;
  /** After a stall, leases of others are left alone for so long: their owners may just be waking up too. */
  readonly graceMs: number;
}

export const PULSE_TIMES: PulseTimes = {
  pollIntervalMs: 50,
  sweepIntervalMs: 250,
  stallMs: 1000,
  graceMs: 2000,
};

/** Between beats while the database cannot be read. */
const FAILED_POLL_INTERVAL_MS = 500;

export class Pulse {
  readonly #duties: PulseDuties;
  readonly #clock: MachineClock;
  readonly #times: PulseTimes;
  /** Woken, perhaps for nothing, when there may be changes to read. */
  readonly changes = new Wakeups();
  #users = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #lastLookMs = 0;
  #beatsUntilSweep = 0;
  #sparedUntilMs = 0;
  #sweeping = false;

  constructor(duties: PulseDuties, clock: MachineClock, times: PulseTimes) {
    this.#duties = duties;
    this.#clock = clock;
    this.#times = times;
  }

  /** Keeps the pulse beating until the returned function is called. */
  hold(): () => void {
    this.#users++;
    if (this.#timer === null) {
      this.#lastLookMs = this.#clock.nowMs();
      this.#schedule(this.#times.pollIntervalMs);
    }
    let held = true;
    return () => {
      if (held && --this.#users === 0) this.#cancel();
      held = false;
    };
  }

  /** False for a while after a stall of this process. */
  get maySweep(): boolean {
    const nowMs = this.#clock.nowMs();
    if (this.#timer !== null) this.#noticeStall(nowMs);
    return nowMs >= this.#sparedUntilMs;
  }

  stop(): void {
    this.#cancel();
    this.#users = 0;
    this.changes.wake();
  }

  #schedule(intervalMs: number): void {
    this.#timer = setTimeout(() => this.#beat(), intervalMs);
  }

  #cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Twenty times a second in every node, so it does next to nothing; the clock alone would cost as much as the rest. */
  #beat(): void {
    let intervalMs = this.#times.pollIntervalMs;
    try {
      if (this.#duties.changedByOthers()) this.changes.wake();
      this.#beatsUntilSweep--;
      if (this.#beatsUntilSweep <= 0) this.#lookForExpired();
    } catch {
      // The watches read for themselves and get the error.
      this.changes.wake();
      intervalMs = FAILED_POLL_INTERVAL_MS;
    }
    this.#schedule(intervalMs);
  }

  #lookForExpired(): void {
    this.#beatsUntilSweep = Math.ceil(this.#times.sweepIntervalMs / this.#times.pollIntervalMs);
    const nowMs = this.#clock.nowMs();
    this.#noticeStall(nowMs);
    if (!this.#duties.expiryDue(nowMs) || nowMs < this.#sparedUntilMs || this.#sweeping) return;
    this.#sweeping = true;
    const done = (): void => {
      this.#sweeping = false;
    };
    // A failed sweep is made up by the next one, here or in another process.
    this.#duties.sweep().then(done, done);
  }

  #noticeStall(nowMs: number): void {
    if (nowMs - this.#lastLookMs > this.#times.stallMs) this.#sparedUntilMs = nowMs + this.#times.graceMs;
    this.#lastLookMs = nowMs;
  }
}
