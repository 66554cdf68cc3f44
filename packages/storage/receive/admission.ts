/**
 * Admits bodies while the memory and the open files that they need are within the limits. A sender costs next to nothing
 * until enough of its body is there; only then it gets a place among the object files being written. When all places are
 * taken, those who wait are served in order, and a sender that is slow gives its place up: it can hold nobody up for long.
 */
import type { AisError } from "@ais/base/errors.ts";
import { limitReached } from "@ais/base/limits.ts";
import type { StorageCounters } from "../counters.ts";
import type { StorageLimits } from "../limits.ts";

/** The body that has a place, or wants one. */
export interface PlaceHolder {
  readonly receivedBytes: number;
  /** It is the sender that is waited for, not the disk. */
  readonly isWaiting: boolean;
  /** All of it is there: nobody has to be waited for. */
  readonly isComplete: boolean;
  evict(error: AisError): void;
}

interface Place {
  readonly holder: PlaceHolder;
  /** Since when its rate is measured, and what had arrived by then. */
  sinceMs: number;
  sinceBytes: number;
}

interface Waiter {
  readonly holder: PlaceHolder;
  readonly heldBytes: number;
  readonly untilMs: number;
  readonly resolve: (place: Disposable) => void;
  readonly reject: (error: AisError) => void;
}

/** How often slow senders are looked for while somebody waits. */
const LOOK_MS = 50;

export class Admission {
  readonly #limits: StorageLimits;
  readonly #counters: StorageCounters;
  readonly #places = new Set<Place>();
  readonly #waiters: Waiter[] = [];
  #startBytes = 0;
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(limits: StorageLimits, counters: StorageCounters) {
    this.#limits = limits;
    this.#counters = counters;
  }

  /** Memory for the start of one body. Throws `tooManyRequests`; dispose the result when the body has been dealt with. */
  admitStart(startBytes: number): Disposable {
    const { receiveStartBytes } = this.#limits;
    const wanted = this.#startBytes + startBytes;
    if (wanted > receiveStartBytes) {
      this.#counters.limitHitsReceiveStart += 1;
      throw limitReached(
        "receive_start",
        `too much is being received: ${wanted} bytes of starts of bodies, the limit is ${receiveStartBytes}`,
      );
    }
    this.#holdStart(startBytes);
    return { [Symbol.dispose]: () => this.#holdStart(-startBytes) };
  }

  /** Resolves with the place of one object file being written. Rejects with `tooManyRequests` when none gets free in time. */
  async admitFile(holder: PlaceHolder): Promise<Disposable> {
    const { openWriteCount, openWriteWaiterCount, openWriteWaitMs, receiveStartBytes } = this.#limits;
    if (this.#places.size < openWriteCount && this.#waiters.length === 0) return this.#take(holder);
    const heldBytes = holder.receivedBytes;
    const isTooMuch = this.#startBytes + heldBytes > receiveStartBytes;
    if (isTooMuch || openWriteWaitMs === 0 || this.#waiters.length >= openWriteWaiterCount)
      throw this.#refusal();
    this.#holdStart(heldBytes);
    return new Promise<Disposable>((resolve, reject) => {
      const untilMs = performance.now() + openWriteWaitMs;
      const waiter = { holder, heldBytes, untilMs, resolve, reject };
      // Who needs nobody's bytes any more is soon done, and must not stand behind those who may be slow.
      if (holder.isComplete) this.#waiters.splice(this.#completeCount(), 0, waiter);
      else this.#waiters.push(waiter);
      this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
      this.#look();
    });
  }

  #completeCount(): number {
    const first = this.#waiters.findIndex(({ holder }) => !holder.isComplete);
    return first < 0 ? this.#waiters.length : first;
  }

  #take(holder: PlaceHolder): Disposable {
    const place: Place = { holder, sinceMs: performance.now(), sinceBytes: holder.receivedBytes };
    const bufferBytes = 2 * this.#limits.writeChunkBytes;
    this.#places.add(place);
    this.#counters.openWrites += 1;
    this.#counters.receiveBufferBytes += bufferBytes;
    return {
      [Symbol.dispose]: () => {
        this.#places.delete(place);
        this.#counters.openWrites -= 1;
        this.#counters.receiveBufferBytes -= bufferBytes;
        this.#serve();
      },
    };
  }

  #serve(): void {
    while (this.#places.size < this.#limits.openWriteCount) {
      const next = this.#waiters.shift();
      if (next === undefined) break;
      this.#holdStart(-next.heldBytes);
      next.resolve(this.#take(next.holder));
    }
    if (this.#waiters.length > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Refuses who has waited too long, and takes places from slow senders, as many as are wanted. */
  #look(): void {
    const nowMs = performance.now();
    for (const late of this.#waiters.filter(({ untilMs }) => untilMs <= nowMs)) {
      this.#waiters.splice(this.#waiters.indexOf(late), 1);
      this.#holdStart(-late.heldBytes);
      late.reject(this.#refusal());
    }
    const slow = this.#slowPlaces(nowMs).slice(0, this.#waiters.length);
    for (const { place, rate } of slow) this.#evict(place, rate);
    this.#serve();
  }

  /** Slowest first. */
  #slowPlaces(nowMs: number): { readonly place: Place; readonly rate: number }[] {
    const { slowReceiveBytesPerSecond, slowReceiveMs } = this.#limits;
    const slow = [];
    for (const place of this.#places) {
      const elapsedMs = nowMs - place.sinceMs;
      if (elapsedMs < slowReceiveMs) continue;
      const { holder } = place;
      const rate = ((holder.receivedBytes - place.sinceBytes) * 1000) / elapsedMs;
      if (holder.isWaiting && rate < slowReceiveBytesPerSecond) slow.push({ place, rate });
      else Object.assign(place, { sinceMs: nowMs, sinceBytes: holder.receivedBytes });
    }
    return slow.sort((a, b) => a.rate - b.rate);
  }

  /** Its reception ends by this, and gives the place back. It is no longer looked at until then. */
  #evict(place: Place, rate: number): void {
    this.#counters.limitHitsSlowReceive += 1;
    place.sinceMs = Number.POSITIVE_INFINITY;
    const { slowReceiveBytesPerSecond } = this.#limits;
    place.holder.evict(
      limitReached(
        "slow_receive",
        `the body came at ${Math.round(rate)} bytes/s, less than ${slowReceiveBytesPerSecond}, while others waited for its place`,
        { code: "requestTimeout" },
      ),
    );
  }

  #refusal(): AisError {
    const { openWriteCount } = this.#limits;
    this.#counters.limitHitsOpenWrites += 1;
    return limitReached("open_writes", `${openWriteCount} objects are being written, which is the limit`);
  }

  #holdStart(bytes: number): void {
    this.#startBytes += bytes;
    this.#counters.receiveBufferBytes += bytes;
  }
}
