/** A view of the cluster for a process that is no node of its own: it follows the documents and may change them. */
import type { Clock } from "@ais/base/clock.ts";
import { AisError, errorText } from "@ais/base/errors.ts";
import type { Logger } from "@ais/base/log.ts";
import { RepeatLimit } from "@ais/base/repeat-limit.ts";
import type { Tracing } from "@ais/tracing/types.ts";
import type { Snode } from "@ais/wire/smap.ts";
import { loadCluster } from "./bootstrap.ts";
import { ClusterWatch } from "./cluster-watch.ts";
import type { Coordinator } from "./coordinator/coordinator.ts";
import { DocumentStore } from "./document-store.ts";
import { DocumentView } from "./document-view.ts";
import type { ClusterMember } from "./member.ts";
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

class Observer extends DocumentView implements ClusterMember {
  readonly self: Snode;
  /** Elections and the membership are the node's own process's. */
  readonly isPrimary = false;
  readonly isReady = true;
  readonly #trouble: TroubleLog;
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;

  constructor(options: ClusterObserverOptions, snapshots: SnapshotStore) {
    const { coordinator, self, logger, tracing, clock } = options;
    super(snapshots, new DocumentStore(coordinator, snapshots, clock), new RepeatLimit(clock, logger));
    this.self = self;
    this.#trouble = new TroubleLog(clock, logger, tracing);
    const watch = new ClusterWatch(
      coordinator,
      {
        document: (name, entry) => void this.takeOver(name, entry),
        seat() {},
        nodes() {},
      },
      this.#trouble,
    );
    this.#watching = watch
      .run(this.#stop.signal)
      .catch((error) => logger.log("error", "stopped following the cluster", { error: errorText(error) }));
  }

  handOverPrimary(): Promise<void> {
    return Promise.reject(new AisError("conflict", "this process is not the primary"));
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
