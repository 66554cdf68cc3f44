import { renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What `AIS_TEST_FAULTS` understands (apps/aisnode/test-faults.ts). */
export interface Fault {
  /** Of the storage engine: `open`, `write`, `sync`, `rename`, `sync-directory`, `remove`, or `commit` of the index. */
  readonly operation: string;
  readonly delayMs?: number;
  /** It waits for as long as the fault is there. */
  readonly holds?: true;
  /** Such as `EIO`. */
  readonly errno?: string;
}

/** Faults of every node that was started with `env`, changed as a whole while they run. */
export class FaultsFile implements Disposable {
  readonly #path = join(tmpdir(), `ais-faults-${crypto.randomUUID()}.json`);

  get env(): Readonly<Record<string, string>> {
    return { AIS_TEST_FAULTS: this.#path };
  }

  /** Until they are cleared, or the result is disposed of. */
  set(...faults: readonly Fault[]): Disposable {
    // Nodes may read it at any moment, and must not find half of it.
    writeFileSync(`${this.#path}.new`, JSON.stringify(faults));
    renameSync(`${this.#path}.new`, this.#path);
    return { [Symbol.dispose]: () => this.clear() };
  }

  clear(): void {
    rmSync(this.#path, { force: true });
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}
