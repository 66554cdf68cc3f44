/**
 * Removes object files that no record names any more: after a grace period, and never while a reader holds one.
 * What is pending when the process dies is removed by the recovery at the next start.
 *
 * Until then such a file must not be taken for an object should the index be lost. So the mark at its very end is cut
 * off (files/trailer.ts), which no reader notices, as soon as the index has its new state on the disk.
 */
import { statSync } from "node:fs";
import { truncate, unlink } from "node:fs/promises";
import type { Clock } from "@ais/base/clock.ts";
import type { FileFaults } from "@ais/base/durable-write.ts";
import type { Logger } from "@ais/base/log.ts";
import type { Span, SpanContext } from "@ais/tracing/types.ts";
import type { StorageCounters } from "../counters.ts";
import type { RootTracing } from "../root-tracing.ts";
import { SPAN_ATTRIBUTES, SPAN_NAMES } from "../span-names.ts";
import { errnoCode, errorChainText } from "../storage-error.ts";
import { objectFilePath } from "./object-path.ts";
import { MARK_BYTES } from "./trailer.ts";

export interface DeferredRemovalOptions {
  readonly mountpath: string;
  readonly graceMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly faults: FileFaults;
  readonly counters: StorageCounters;
  readonly tracing: RootTracing;
  /**
   * Resolves when the index transactions so far survive power loss, sooner when it is urgent: until then what they took
   * away may come back.
   */
  readonly flushed: (isUrgent: boolean) => Promise<void>;
}

/** Longer graces end together with those that end within this, so that there are few removals of many files. */
const TOGETHER_MS = 1_000;
/** More requests than this that were sampled are not linked to the removal of their files. */
const LINKS_MAX = 32;

interface Retired {
  readonly fileId: bigint;
  readonly dueMs: number;
  /** The request that replaced or deleted the object, if its trace is kept. */
  readonly cause: SpanContext | null;
}

interface Doomed {
  readonly fileId: bigint;
  readonly cause: SpanContext | null;
}

export class DeferredRemoval implements AsyncDisposable {
  readonly #options: DeferredRemovalOptions;
  /** In order of `dueMs`, because the grace period is the same for all. */
  #waiting: Retired[] = [];
  /** Past their time, but read. */
  readonly #held = new Map<bigint, SpanContext | null>();
  readonly #readers = new Map<bigint, number>();
  readonly #doomed: Doomed[] = [];
  readonly #marked: bigint[] = [];
  #marking: Promise<void> | null = null;
  #removing: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(options: DeferredRemovalOptions) {
    this.#options = options;
  }

  get pendingCount(): number {
    return this.#waiting.length + this.#held.size + this.#doomed.length;
  }

  get readerCount(): number {
    let count = 0;
    for (const readers of this.#readers.values()) count += readers;
    return count;
  }

  /** True while the file waits for its removal. */
  isPending(fileId: bigint): boolean {
    return (
      this.#held.has(fileId) ||
      this.#doomed.some((doomed) => doomed.fileId === fileId) ||
      this.#waiting.some((retired) => retired.fileId === fileId)
    );
  }

  /** Keeps the file until the returned function is called; to be taken in the same turn as the index lookup. */
  lease(fileId: bigint): () => void {
    this.#readers.set(fileId, (this.#readers.get(fileId) ?? 0) + 1);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const left = (this.#readers.get(fileId) ?? 1) - 1;
      if (left > 0) {
        this.#readers.set(fileId, left);
        return;
      }
      this.#readers.delete(fileId);
      const cause = this.#held.get(fileId);
      if (this.#held.delete(fileId)) this.#remove(fileId, cause ?? null);
    };
  }

  /** The index transaction that took the file's record away is committed. `span` is of the request that asked for it. */
  retire(fileId: bigint, span: Span): void {
    const dueMs = this.#options.clock.monotonicMs() + this.#options.graceMs;
    this.#waiting.push({ fileId, dueMs, cause: span.sampled ? span.context : null });
    this.#marked.push(fileId);
    this.#marking ??= this.#cutMarks();
    this.#arm();
  }

  /** Gives up the grace period of everything that nobody reads, to get space back. */
  async expedite(): Promise<void> {
    this.#expire(Number.POSITIVE_INFINITY);
    await this.#removing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#marking;
    await this.expedite();
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
      if (this.#readers.has(fileId)) this.#held.set(fileId, cause);
      else this.#remove(fileId, cause);
    }
    if (count > 0) this.#waiting = this.#waiting.slice(count);
  }

  #remove(fileId: bigint, cause: SpanContext | null): void {
    this.#doomed.push({ fileId, cause });
    this.#removing ??= this.#removeDoomed();
  }

  /** A file that keeps its mark only matters if the index is lost before the file is gone. */
  async #cutMarks(): Promise<void> {
    while (this.#marked.length > 0) {
      const fileIds = this.#marked.splice(0);
      if (!(await this.#isFlushed(false))) continue;
      for (const fileId of fileIds) await this.#cutMark(objectFilePath(this.#options.mountpath, fileId));
    }
    this.#marking = null;
  }

  async #cutMark(path: string): Promise<void> {
    try {
      await truncate(path, Math.max(0, statSync(path).size - MARK_BYTES));
    } catch (error) {
      if (errnoCode(error) === "ENOENT") return;
      const fields = { path, error: errorChainText(error) };
      this.#options.logger.log("warn", "failed to mark an object file as replaced", fields);
    }
  }

  /** False: the index is not on the disk and will not be, so everything stays as it is. */
  async #isFlushed(isUrgent: boolean): Promise<boolean> {
    return this.#options.flushed(isUrgent).then(
      () => true,
      () => false,
    );
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
      const isFlushed = await this.#isFlushed(true);
      for (const { fileId } of this.#doomed.slice(0, count)) {
        if (isFlushed && (await this.#unlink(fileId))) removed++;
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
