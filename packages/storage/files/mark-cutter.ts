/**
 * Cuts off the mark at the very end of files that no record names any more (files/trailer.ts), which no reader notices:
 * until such a file is removed it must not be taken for an object should the index be lost. It happens as soon as the index
 * has its new state on the disk.
 */
import { statSync } from "node:fs";
import { truncate } from "node:fs/promises";
import type { Logger } from "@ais/base/log.ts";
import { errnoCode, errorChainText } from "../storage-error.ts";
import { objectFilePath } from "./object-path.ts";
import { MARK_BYTES } from "./trailer.ts";

/**
 * Resolves when the index transactions so far survive power loss, sooner when it is urgent: until then what they took away
 * may come back.
 */
export type IndexFlushed = (isUrgent: boolean) => Promise<void>;

/** False: the index is not on the disk and will not be, so everything stays as it is. */
export function isFlushed(flushed: IndexFlushed, isUrgent: boolean): Promise<boolean> {
  return flushed(isUrgent).then(
    () => true,
    () => false,
  );
}

export interface MarkCutterOptions {
  readonly mountpath: string;
  readonly flushed: IndexFlushed;
  readonly logger: Logger;
}

export class MarkCutter {
  readonly #options: MarkCutterOptions;
  readonly #files: bigint[] = [];
  #cutting: Promise<void> | null = null;

  constructor(options: MarkCutterOptions) {
    this.#options = options;
  }

  cut(fileId: bigint): void {
    this.#files.push(fileId);
    this.#cutting ??= this.#cutAll();
  }

  async idle(): Promise<void> {
    await this.#cutting;
  }

  /** A file that keeps its mark only matters if the index is lost before the file is gone. */
  async #cutAll(): Promise<void> {
    const { mountpath, flushed } = this.#options;
    while (this.#files.length > 0) {
      const fileIds = this.#files.splice(0);
      if (!(await isFlushed(flushed, false))) continue;
      for (const fileId of fileIds) await this.#cutMark(objectFilePath(mountpath, fileId));
    }
    this.#cutting = null;
  }

  async #cutMark(path: string): Promise<void> {
    const { logger } = this.#options;
    try {
      await truncate(path, Math.max(0, statSync(path).size - MARK_BYTES));
    } catch (error) {
      if (errnoCode(error) === "ENOENT") return;
      const fields = { path, error: errorChainText(error) };
      logger.log("warn", "failed to mark an object file as replaced", fields);
    }
  }
}
