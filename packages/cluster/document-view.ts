import { errorText } from "@ais/base/errors.ts";
import type { RepeatLimit } from "@ais/base/repeat-limit.ts";
import type { Span } from "@ais/tracing/types.ts";
import type { Bmd } from "@ais/wire/bmd.ts";
import type { ClusterConfig } from "@ais/wire/cluster-config.ts";
import type { Rmd } from "@ais/wire/rmd.ts";
import type { KeyValue } from "./coordinator/coordinator.ts";
import type { DocumentStore } from "./document-store.ts";
import type { ClusterMember, SnapshotChange } from "./member.ts";
import type { ClusterSnapshot, DocumentName } from "./snapshot.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

type View = Pick<
  ClusterMember,
  "snapshot" | "refresh" | "updateBmd" | "updateConfig" | "updateRmd" | "onChange"
>;

/** What every member does with the cluster's documents, whether it is a node or works for one. */
export class DocumentView implements View {
  readonly #snapshots: SnapshotStore;
  readonly #documents: DocumentStore;
  readonly #problems: RepeatLimit;

  constructor(snapshots: SnapshotStore, documents: DocumentStore, problems: RepeatLimit) {
    this.#snapshots = snapshots;
    this.#documents = documents;
    this.#problems = problems;
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

  onChange(listener: (change: SnapshotChange) => void): () => void {
    return this.#snapshots.onChange(listener);
  }

  /** What the watch delivered becomes part of the snapshot. A malformed document does not, and is logged: false. */
  protected takeOver(name: DocumentName, entry: KeyValue): boolean {
    try {
      this.#snapshots.apply(name, entry);
      return true;
    } catch (error) {
      const fields = { document: name, revision: entry.revision, error: errorText(error) };
      this.#problems.error("kept the last good version of a cluster document", fields);
      return false;
    }
  }
}
