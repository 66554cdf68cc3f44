/**
 * Removes object files that no record names any more: after a grace period, and never while a reader holds one, in this
 * process or in another one of the same target. What is pending when the process dies is removed by the recovery at the
 * next start.
 */
import { unlink } from "node:fs/promises";
import type { Clock } from "@ais/base/clock.ts";
import type { FileFaults } from "@ais/base/durable-write.ts";
import type { Logger } from "@ais/base/log.ts";
import type { Span } from "@ais/tracing/types.ts";
import type { StorageCounters } from "../counters.ts";
import type { RootTracing } from "../root-tracing.ts";
import type { OtherReaders } from "../sharing.ts";
import { SPAN_ATTRIBUTES, SPAN_NAMES } from "../span-names.ts";
import { errnoCode, errorChainText } from "../storage-error.ts";
import { FileLeases } from "./file-leases.ts";
import { causeOf, type FileRemoval, type RemovalCause } from "./file-removal.ts";
import { type IndexFlushed, isFlushed, MarkCutter } from "./mark-cutter.ts";
import { objectFilePath } from "./object-path.ts";

export interface DeferredRemovalOptions {
  readonly mountpath: string;
  readonly graceMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly faults: FileFaults;
  readonly counters: StorageCounters;
  readonly tracing: RootTracing;
  /** Null when this process alone reads. */
  readonly others: OtherReaders | null;
  readonly flushed: IndexFlushed;
}

/** Longer graces end together with those that end within this, so that there are few removals of many files. */
const TOGETHER_MS = 1_000;
/** More requests than this that were sampled are not linked to the removal of their files. */
const LINKS_MAX = 32;
/** Other processes are asked about so many files at a time, and this often about those that they read. */
const ASKED_FILES_MAX = 1_024;
const ASK_AGAIN_MS = 1_000;

interface Doomed {
  readonly fileId: bigint;
  readonly cause: RemovalCause;
}

interface Retired extends Doomed {
  readonly dueMs: number;
}

export class DeferredRemoval implements FileRemoval {
  readonly #options: DeferredRemovalOptions;
  readonly #marks: MarkCutter;
  readonly #leases = new FileLeases();
  /** In order of `dueMs`, because the grace period is the same for all. */
  #waiting: Retired[] = [];
  /** Past their time, but read here. */
  readonly #held = new Map<bigint, RemovalCause>();
  /** Past their time and not read here: the other processes are to be asked. */
  #unasked: Doomed[] = [];
  readonly #doomed: Doomed[] = [];
  #asking: Promise<void> | null = null;
  #removing: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #askTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(options: DeferredRemovalOptions) {
    this.#options = options;
    this.#marks = new MarkCutter(options);
  }

  get pendingCount(): number {
    return this.#waiting.length + this.#held.size + this.#unasked.length + this.#doomed.length;
  }

  get readerCount(): number {
    return this.#leases.count;
  }

  isPending(fileId: bigint): boolean {
    const isIt = (file: Doomed): boolean => file.fileId === fileId;
    return (
      this.#held.has(fileId) ||
      this.#doomed.some(isIt) ||
      this.#unasked.some(isIt) ||
      this.#waiting.some(isIt)
    );
  }

  lease(fileId: bigint): () => void {
    return this.#leases.take(fileId, () => {
      const cause = this.#held.get(fileId);
      if (this.#held.delete(fileId)) this.#letGo({ fileId, cause: cause ?? null });
    });
  }

  /** The index transaction that took the file's record away is committed. `span` is of the request that asked for it. */
  retire(fileId: bigint, span: Span): void {
    this.#marks.cut(fileId);
    this.retireMarked(fileId, causeOf(span));
  }

  /** Of a file whose mark somebody else takes away. */
  retireMarked(fileId: bigint, cause: RemovalCause): void {
    const dueMs = this.#options.clock.monotonicMs() + this.#options.graceMs;
    this.#waiting.push({ fileId, dueMs, cause });
    this.#arm();
  }

  async expedite(): Promise<void> {
    this.#expire(Number.POSITIVE_INFINITY);
    if (this.#unasked.length > 0) this.#asking ??= this.#askOthers();
    await this.#asking;
    await this.#removing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#askTimer !== null) clearTimeout(this.#askTimer);
    this.#timer = null;
    await this.#marks.idle();
    await this.expedite();
    if (this.#askTimer !== null) clearTimeout(this.#askTimer);
  }

  #arm(): void {
    const next = this.#waiting[0];
    if (this.#timer !== null || next === undefined) return;
    const { clock, graceMs } = this.#options;
    const togetherMs = graceMs > TOGETHER_MS ? TOGETHER_MS : 0;
    const waitMs = Math.max(0, next.dueMs + togetherMs - clock.monotonicMs());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#expire(this.#options.clock.monotonicMs());
      this.#arm();
    }, Math.ceil(waitMs));
    this.#timer.unref?.();
  }

  #expire(nowMs: number): void {
    let count = 0;
    for (const { fileId, dueMs, cause } of this.#waiting) {
      if (dueMs > nowMs) break;
      count += 1;
      if (this.#leases.has(fileId)) this.#held.set(fileId, cause);
      else this.#letGo({ fileId, cause });
    }
    if (count > 0) this.#waiting = this.#waiting.slice(count);
  }

  #letGo(file: Doomed): void {
    if (this.#options.others === null) {
      this.#remove(file);
      return;
    }
    this.#unasked.push(file);
    this.#asking ??= this.#askOthers();
  }

  /** No lookup finds these files any more, so a process that does not read one now never will. */
  async #askOthers(): Promise<void> {
    const { others } = this.#options;
    // Everything that is due now goes together.
    await Promise.resolve();
    const files = this.#unasked;
    const kept: Doomed[] = [];
    // What is added while the others are asked comes at the end of the same list.
    for (let at = 0; at < files.length; at += ASKED_FILES_MAX) {
      const asked = files.slice(at, at + ASKED_FILES_MAX);
      const held = await others?.held(asked.map(({ fileId }) => fileId));
      for (const file of asked) {
        if (held?.has(file.fileId) === true) kept.push(file);
        else this.#remove(file);
      }
    }
    this.#unasked = kept;
    this.#asking = null;
    if (this.#unasked.length > 0) this.#askLater();
  }

  #askLater(): void {
    this.#askTimer ??= setTimeout(() => {
      this.#askTimer = null;
      this.#asking ??= this.#askOthers();
    }, ASK_AGAIN_MS);
    this.#askTimer.unref?.();
  }

  #remove(file: Doomed): void {
    this.#doomed.push(file);
    this.#removing ??= this.#removeDoomed();
  }

  /** One at a time: a burst of removals must not take the disk from the requests. */
  async #removeDoomed(): Promise<void> {
    // Everything that is due now goes together.
    await Promise.resolve();
    const causes = this.#doomed.flatMap(({ cause }) => cause ?? []).slice(0, LINKS_MAX);
    const span = this.#options.tracing.startRoot(SPAN_NAMES.fileRemoval, causes);
    let removed = 0;
    let failed = 0;
    while (this.#doomed.length > 0) {
      const count = this.#doomed.length;
      const isSafe = await isFlushed(this.#options.flushed, true);
      for (const { fileId } of this.#doomed.slice(0, count)) {
        if (isSafe && (await this.#unlink(fileId))) removed++;
        else failed++;
        this.#doomed.shift();
      }
    }
    span.set(SPAN_ATTRIBUTES.mountpath, this.#options.mountpath);
    span.set(SPAN_ATTRIBUTES.removedFiles, removed);
    span.set(SPAN_ATTRIBUTES.failures, failed);
    if (failed > 0) span.fail("file_removal", `${failed} files could not be removed`);
    span.end();
    this.#removing = null;
  }

  /** False: a file that cannot be removed costs space only; recovery tries again at the next start. */
  async #unlink(fileId: bigint): Promise<boolean> {
    const { mountpath, faults, counters, logger } = this.#options;
    const path = objectFilePath(mountpath, fileId);
    try {
      await faults.before("remove", path);
      await unlink(path);
      counters.filesRemoved += 1;
      return true;
    } catch (error) {
      if (errnoCode(error) === "ENOENT") return true;
      logger.log("warn", "failed to remove an object file, the next start will try again", {
        path,
        error: errorChainText(error),
      });
      return false;
    }
  }
}
