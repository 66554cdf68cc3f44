/** A view of the cluster for a process that is no node of its own: it follows the documents and may change them. */
import type { Clock } from "@ais/base/clock.ts";
import { AisError, errorText } from "@ais/base/errors.ts";
import type { Logger } from "@ais/base/log.ts";
import { RepeatLimit } from "@ais/base/repeat-limit.ts";
import type { Span, Tracing } from "@ais/tracing/types.ts";
import type { Bmd } from "@ais/wire/bmd.ts";
import type { ClusterConfig } from "@ais/wire/cluster-config.ts";
import type { Rmd } from "@ais/wire/rmd.ts";
import type { Snode } from "@ais/wire/smap.ts";
import { loadCluster } from "./bootstrap.ts";
import { ClusterWatch } from "./cluster-watch.ts";
import type { Coordinator } from "./coordinator/coordinator.ts";
import { DocumentStore } from "./document-store.ts";
import type { ClusterMember, SnapshotChange } from "./member.ts";
import type { ClusterSnapshot, DocumentName } from "./snapshot.ts";
import { SnapshotStore } from "./snapshot-store.ts";
import { TroubleLog } from "./trouble-log.ts";

export interface ClusterObserverOptions {
  /** Stays open when the observer is disposed of: it belongs to the caller. */
  readonly coordinator: Coordinator;
  /** The node that this process works for. */
  readonly self: Snode;
  readonly clusterUuid: string;
  readonly logger: Logger;
  readonly tracing: Tracing;
  readonly clock: Clock;
}

/** Resolves with the cluster's documents loaded; follows them until it is disposed of. Errors: those of `loadCluster`. */
export async function observeCluster(options: ClusterObserverOptions): Promise<ClusterMember> {
  const { coordinator, clusterUuid, logger } = options;
  const snapshots = new SnapshotStore(logger);
  await loadCluster(coordinator, snapshots, clusterUuid);
  return new Observer(options, snapshots);
}

class Observer implements ClusterMember {
  readonly self: Snode;
  /** Elections and the membership are the node's own process's. */
  readonly isPrimary = false;
  readonly isReady = true;
  readonly #snapshots: SnapshotStore;
  readonly #documents: DocumentStore;
  readonly #trouble: TroubleLog;
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;

  constructor(options: ClusterObserverOptions, snapshots: SnapshotStore) {
    const { coordinator, self, logger, tracing, clock } = options;
    this.self = self;
    this.#snapshots = snapshots;
    this.#documents = new DocumentStore(coordinator, snapshots, clock);
    this.#trouble = new TroubleLog(clock, logger, tracing);
    const problems = new RepeatLimit(clock, logger);
    const watch = new ClusterWatch(
      coordinator,
      {
        document(name, entry) {
          try {
            snapshots.apply(name, entry);
          } catch (error) {
            const fields = { document: name, revision: entry.revision, error: errorText(error) };
            problems.error("kept the last good version of a cluster document", fields);
          }
        },
        seat() {},
        nodes() {},
      },
      this.#trouble,
    );
    this.#watching = watch
      .run(this.#stop.signal)
      .catch((error) => logger.log("error", "stopped following the cluster", { error: errorText(error) }));
  }

  get snapshot(): ClusterSnapshot {
    return this.#snapshots.current;
  }

  refresh(document: DocumentName, span: Span): Promise<ClusterSnapshot> {
    return this.#documents.refresh(document, span);
  }

  updateBmd(change: (current: Bmd) => Bmd | null, span: Span): Promise<ClusterSnapshot> {
    return this.#documents.update("bmd", change, span);
  }

  updateConfig(
    change: (current: ClusterConfig) => ClusterConfig | null,
    span: Span,
  ): Promise<ClusterSnapshot> {
    return this.#documents.update("config", change, span);
  }

  updateRmd(change: (current: Rmd) => Rmd | null, span: Span): Promise<ClusterSnapshot> {
    return this.#documents.update("rmd", change, span);
  }

  handOverPrimary(): Promise<void> {
    return Promise.reject(new AisError("conflict", "this process is not the primary"));
  }

  onChange(listener: (change: SnapshotChange) => void): () => void {
    return this.#snapshots.onChange(listener);
  }

  run(): Promise<void> {
    return this.#watching;
  }

  async ready(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#watching;
    this.#trouble.stop();
  }
}
