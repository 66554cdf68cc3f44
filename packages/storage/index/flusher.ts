/**
 * Brings committed transactions of one index to the disk: when an operation waits for that, and a moment after the last
 * one otherwise. Any number of transactions goes with one flush.
 *
 * The state that was flushed last must stay whole until the next one is: a read transaction holds it, so that LMDB uses
 * none of its pages again. The order is: hold the newest state, flush the data file, write the flush point, flush that,
 * let the state before go (index-file/flush-point.ts).
 */
import { closeSync, fdatasync, openSync } from "node:fs";
import { promisify } from "node:util";
import type { RootDatabase } from "lmdb";
import type { StorageCounters } from "../counters.ts";
import type { StorageFaults } from "../faults.ts";
import { FlushPointFile } from "../index-file/flush-point.ts";
import { currentBootId, newestMeta } from "../index-file/index-file.ts";
import type { MountpathPresence } from "../presence.ts";

const flushDescriptor = promisify(fdatasync);

/** What nobody waits for is flushed this long after it was committed, at most. */
const FLUSH_DELAY_MS = 500;
/** Or when so much is waiting. Pages that are replaced take space until the next flush. */
const FLUSH_DUE_BYTES = 64 * 1024 * 1024;
/** With more than this the next transaction waits for a flush. */
const UNFLUSHED_LIMIT_BYTES = 256 * 1024 * 1024;

/** Between two flushes, as a part of the time that one takes. */
const PAUSE_SHARE = 4;
const PAUSE_MAX_MS = 5;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface FlusherOptions {
  readonly root: RootDatabase<Uint8Array, Uint8Array>;
  readonly dataPath: string;
  readonly presence: MountpathPresence;
  readonly faults: StorageFaults;
  readonly counters: StorageCounters;
}

export class IndexFlusher implements AsyncDisposable {
  readonly #options: FlusherOptions;
  readonly #descriptor: number;
  readonly #point: FlushPointFile;
  /** Holds the state of the newest flush point. */
  #held: { done(): void };
  #unflushedBytes = 0;
  #isDirty = false;
  /** The last one took so long. */
  #flushMs = 0;
  /** Of the next flush. */
  #waiters: Waiter[] = [];
  #current: Promise<void> | null = null;
  #running: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #failure: { readonly error: unknown } | null = null;

  /** The newest flush point must be the state that the index has now, unless that is empty. */
  constructor(options: FlusherOptions) {
    this.#options = options;
    this.#descriptor = openSync(options.dataPath, "r");
    this.#point = new FlushPointFile(options.dataPath, currentBootId());
    this.#held = options.root.useReadTransaction();
  }

  /** A transaction that wrote about so many bytes was committed. */
  committed(bytes: number): void {
    this.#isDirty = true;
    this.#unflushedBytes += bytes;
    if (this.#unflushedBytes >= FLUSH_DUE_BYTES) this.#running ??= this.#run();
    else this.#arm();
  }

  /** Resolves, whatever becomes of it, when the flush under way has ended and it pays to begin another; null without one. */
  underWay(): Promise<void> | null {
    return this.#current === null
      ? null
      : this.#current.then(
          () => this.#pause(),
          () => {},
        );
  }

  /** Who was acknowledged by a flush is soon back with more. */
  #pause(): Promise<void> {
    const pauseMs = Math.min(this.#flushMs / PAUSE_SHARE, PAUSE_MAX_MS);
    return new Promise((resolve) => (pauseMs < 1 ? setImmediate(resolve) : setTimeout(resolve, pauseMs)));
  }

  /** Resolves when everything that is committed now is on the disk. Rejects when it cannot be brought there. */
  flushed(): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure.error);
    if (!this.#isDirty) return this.#current ?? Promise.resolve();
    const flushed = this.#nextFlush();
    this.#running ??= this.#run();
    return flushed;
  }

  /** The same, but without asking for a flush before its time. */
  settled(): Promise<void> {
    return this.#isDirty ? this.#nextFlush() : this.flushed();
  }

  /** To be waited for before the next transaction; null when there is room. Throws when a flush has failed. */
  room(): Promise<void> | null {
    if (this.#failure !== null) throw this.#failure.error;
    return this.#unflushedBytes < UNFLUSHED_LIMIT_BYTES ? null : this.flushed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    // Who waited for it was told of a failure.
    await this.flushed().catch(() => {});
    await this.#running;
    this.#held.done();
    this.#point[Symbol.dispose]();
    closeSync(this.#descriptor);
  }

  #nextFlush(): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure.error);
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
  }

  #arm(): void {
    this.#timer ??= setTimeout(() => this.#onTimer(), FLUSH_DELAY_MS);
  }

  #onTimer(): void {
    this.#timer = null;
    if (this.#isDirty) this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    do {
      const waiters = this.#waiters;
      this.#waiters = [];
      try {
        const beganMs = performance.now();
        this.#current = this.#flush();
        await this.#current;
        this.#flushMs = performance.now() - beganMs;
        this.#options.counters.indexFlushes += 1;
        for (const { resolve } of waiters) resolve();
      } catch (error) {
        this.#failed(error, waiters);
      }
      this.#current = null;
    } while (this.#waiters.length > 0);
    this.#running = null;
    // What was committed while a flush took long has no timer any more.
    if (this.#isDirty && this.#failure === null) this.#arm();
  }

  /**
   * There is no other flush, for anybody: the kernel tells of a failure once, and would take the next one for a success. Nor
   * does the next start believe the page cache beyond the newest flush point.
   */
  #failed(error: unknown, waiters: readonly Waiter[]): void {
    this.#failure = { error };
    this.#options.counters.indexFlushFailures += 1;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const late = this.#waiters;
    this.#waiters = [];
    for (const { reject } of [...waiters, ...late]) reject(error);
    this.#point.distrustCache();
  }

  async #flush(): Promise<void> {
    const { root, dataPath, presence, faults } = this.#options;
    const held = root.useReadTransaction();
    try {
      // Of this state or a newer one: what a newer one frees is kept by the hold on this one as well.
      const { bytes } = newestMeta(this.#descriptor);
      this.#isDirty = false;
      this.#unflushedBytes = 0;
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
      await this.#flushFile(this.#descriptor, dataPath);
      this.#point.write(bytes);
      await this.#flushFile(this.#point.descriptor, this.#point.path);
      await faults.afterFlush?.(presence.mountpath);
      // What was flushed into a file that has no name any more is gone with the process.
      presence.require();
    } catch (error) {
      held.done();
      throw error;
    }
    this.#held.done();
    this.#held = held;
  }

  async #flushFile(descriptor: number, path: string): Promise<void> {
    const { faults } = this.#options;
    await faults.beforeSync?.(path);
    await flushDescriptor(descriptor);
    faults.afterSync?.(path);
  }
}
