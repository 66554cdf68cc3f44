/** A node's membership: its lease, its snapshot of the four documents, and the way to change them. */

import type { Span } from "@ais/tracing/types.ts";
import type { Bmd } from "@ais/wire/bmd.ts";
import type { ClusterConfig } from "@ais/wire/cluster-config.ts";
import type { Rmd } from "@ais/wire/rmd.ts";
import type { Snode } from "@ais/wire/smap.ts";
import type { ClusterSnapshot, DocumentName } from "./snapshot.ts";

export interface SnapshotChange {
  readonly document: DocumentName;
  readonly before: ClusterSnapshot;
  readonly after: ClusterSnapshot;
}

export interface ClusterMember extends AsyncDisposable {
  /** The newest snapshot; replaced as a whole on every change. */
  readonly snapshot: ClusterSnapshot;
  readonly self: Snode;
  /** True while this node is the primary proxy. */
  readonly isPrimary: boolean;
  /** True once this node is in the Smap that it sees, and the Smap has a primary. */
  readonly isReady: boolean;
  /** Reads the document from the coordinator now, whatever the watch has delivered so far. */
  refresh(document: DocumentName, span: Span): Promise<ClusterSnapshot>;
  /**
   * Compare-and-set with retry: `change` gets the newest document and returns the new content, or null to leave it as it
   * is. What `change` throws is thrown. Resolves with the snapshot that holds the change; the version has grown by one.
   */
  updateBmd(change: (current: Bmd) => Bmd | null, span: Span): Promise<ClusterSnapshot>;
  updateConfig(
    change: (current: ClusterConfig) => ClusterConfig | null,
    span: Span,
  ): Promise<ClusterSnapshot>;
  updateRmd(change: (current: Rmd) => Rmd | null, span: Span): Promise<ClusterSnapshot>;
  /**
   * Makes the named proxy the primary; only the primary can. Resolves when it has taken over, which its Smap shows a moment
   * later. Throws `conflict` when this node is not the primary, `unavailable` when the other one does not take over.
   */
  handOverPrimary(id: string): Promise<void>;
  /** Called after the snapshot was replaced, in order. Returns the way to unsubscribe. */
  onChange(listener: (change: SnapshotChange) => void): () => void;
  /** Takes the lease, enters the Smap and keeps both until the signal aborts; then leaves the Smap at once. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when `isReady`; rejects when the signal aborts first. */
  ready(signal: AbortSignal): Promise<void>;
}
