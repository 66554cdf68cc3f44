/**
 * Whether a mountpath in service is still there. A disk that was unmounted, or a directory that was removed, leaves the
 * open index behind as a file without a name: it goes on taking writes that no restart will find.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { AisError } from "@ais/base/errors.ts";
import { INDEX_DATA_FILE } from "./on-disk-format.ts";

export class MountpathPresence {
  readonly mountpath: string;
  readonly #indexPath: string;
  readonly #identity: string | null;

  /** The index must be open. */
  constructor(mountpath: string, indexDirectory: string) {
    this.mountpath = mountpath;
    this.#indexPath = join(indexDirectory, INDEX_DATA_FILE);
    this.#identity = identityOf(this.#indexPath);
  }

  /** One `stat`, about a microsecond. */
  isThere(): boolean {
    return this.#identity !== null && identityOf(this.#indexPath) === this.#identity;
  }

  /** Throws `internal` when the mountpath has gone. */
  require(): void {
    if (!this.isThere()) throw this.goneError();
  }

  goneError(cause?: unknown): AisError {
    return new AisError(
      "internal",
      `mountpath "${this.mountpath}" is gone: its directory was removed or its disk unmounted`,
      { cause },
    );
  }
}

function identityOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}
