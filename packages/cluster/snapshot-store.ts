/** The snapshot of one node: replaced as a whole, never going back, with listeners told in order. */
import { errorText } from "@ais/base/errors.ts";
import type { Logger } from "@ais/base/log.ts";
import { emptyBmd } from "@ais/wire/bmd.ts";
import { defaultClusterConfig } from "@ais/wire/cluster-config.ts";
import { emptyRmd } from "@ais/wire/rmd.ts";
import { emptySmap } from "@ais/wire/smap.ts";
import type { KeyValue } from "./coordinator/coordinator.ts";
import { type DocumentTypes, parseDocument } from "./documents.ts";
import type { SnapshotChange } from "./member.ts";
import type { ClusterSnapshot, DocumentName } from "./snapshot.ts";

export class SnapshotStore {
  readonly #logger: Logger;
  readonly #listeners = new Set<(change: SnapshotChange) => void>();
  readonly #revisions: Record<DocumentName, number> = { smap: 0, bmd: 0, config: 0, rmd: 0 };
  readonly #pending: SnapshotChange[] = [];
  #notifying = false;
  #current: ClusterSnapshot = Object.freeze({
    smap: emptySmap(),
    bmd: emptyBmd(),
    config: defaultClusterConfig(),
    rmd: emptyRmd(),
  });

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get current(): ClusterSnapshot {
    return this.#current;
  }

  /** The document of that revision when it is the current one: what was parsed once need not be parsed again. */
  at<N extends DocumentName>(name: N, revision: number): DocumentTypes[N] | null {
    return this.#revisions[name] === revision ? this.#current[name] : null;
  }

  /**
   * Takes over a document unless it is known already. True when the snapshot changed. Throws when it is malformed.
   * `written` is what this node made the entry's text of.
   */
  apply<N extends DocumentName>(name: N, entry: KeyValue, written?: DocumentTypes[N]): boolean {
    // The watch, a refresh and an update deliver the same change in any order; revisions sort them.
    if (entry.revision <= this.#revisions[name]) return false;
    const document = written ?? parseDocument(name, entry.value);
    this.#revisions[name] = entry.revision;
    const before = this.#current;
    this.#current = Object.freeze({ ...before, [name]: document });
    this.#pending.push({ document: name, before, after: this.#current });
    this.#notify();
    return true;
  }

  onChange(listener: (change: SnapshotChange) => void): () => void {
    const entry = (change: SnapshotChange): void => listener(change);
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  /** A listener that itself causes a change must not make the others see the later one first. */
  #notify(): void {
    if (this.#notifying) return;
    this.#notifying = true;
    for (let change = this.#pending.shift(); change !== undefined; change = this.#pending.shift()) {
      for (const listener of [...this.#listeners]) this.#call(listener, change);
    }
    this.#notifying = false;
  }

  #call(listener: (change: SnapshotChange) => void, change: SnapshotChange): void {
    try {
      listener(change);
    } catch (error) {
      this.#logger.log("error", "listener of cluster changes failed", {
        document: change.document,
        error: errorText(error),
      });
    }
  }
}
