/**
 * Cuts off the mark at the very end of files that no record names any more (files/trailer.ts), which no reader notices:
 * until such a file is removed it must not be taken for an object should the index be lost.
 */
import { statSync } from "node:fs";
import { truncate } from "node:fs/promises";
import type { Logger } from "@ais/base/log.ts";
import { lockBriefly } from "../flock.ts";
import { errnoCode, errorChainText } from "../storage-error.ts";
import { objectFilePath } from "./object-path.ts";
import { MARK_BYTES } from "./trailer.ts";

export class MarkCutter {
  readonly #mountpath: string;
  readonly #logger: Logger;
  readonly #isShared: boolean;
  readonly #files: bigint[] = [];
  #cutting: Promise<void> | null = null;

  /** `isShared`: other processes may write trailers of the same files. */
  constructor(mountpath: string, logger: Logger, isShared: boolean) {
    this.#mountpath = mountpath;
    this.#logger = logger;
    this.#isShared = isShared;
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
    for (let fileId = this.#files.shift(); fileId !== undefined; fileId = this.#files.shift()) {
      const path = objectFilePath(this.#mountpath, fileId);
      try {
        using _alone = this.#isShared ? await lockBriefly(path) : null;
        await truncate(path, Math.max(0, statSync(path).size - MARK_BYTES));
      } catch (error) {
        if (errnoCode(error) === "ENOENT") continue;
        const fields = { path, error: errorChainText(error) };
        this.#logger.log("warn", "failed to mark an object file as replaced", fields);
      }
    }
    this.#cutting = null;
  }
}
