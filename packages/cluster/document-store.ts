/** Reads and changes of documents on behalf of a request. */
import type { Clock } from "@ais/base/clock.ts";
import { AisError } from "@ais/base/errors.ts";
import { backoffMs, sleep } from "@ais/base/lifecycle.ts";
import type { Span } from "@ais/tracing/types.ts";
import { emptyRmd } from "@ais/wire/rmd.ts";
import type { Coordinator } from "./coordinator/coordinator.ts";
import { inCoordinatorSpan } from "./coordinator-span.ts";
import { codecOf, type DocumentTypes, encodeDocument, parseDocument } from "./documents.ts";
import type { ClusterSnapshot, DocumentName } from "./snapshot.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import { ATTRIBUTE, SPAN } from "./span-names.ts";

/** Updates of one node wait for each other, so only other nodes can come in between. */
const MAX_UPDATE_ATTEMPTS = 50;
const RETRY_BASE_MS = 2;
const RETRY_CAP_MS = 50;

type Change<N extends DocumentName> = (current: DocumentTypes[N]) => DocumentTypes[N] | null;

export class DocumentStore {
  readonly #coordinator: Coordinator;
  readonly #snapshots: SnapshotStore;
  readonly #clock: Clock;
  readonly #queues = new Map<DocumentName, Promise<unknown>>();

  constructor(coordinator: Coordinator, snapshots: SnapshotStore, clock: Clock) {
    this.#coordinator = coordinator;
    this.#snapshots = snapshots;
    this.#clock = clock;
  }

  refresh(name: DocumentName, parent: Span): Promise<ClusterSnapshot> {
    return inCoordinatorSpan(parent.child(SPAN.coordinatorGet), name, async (span) => {
      const entry = await this.#coordinator.get(name);
      const changed = entry !== null && this.#snapshots.apply(name, entry);
      return this.#finish(span, name, changed);
    });
  }

  update<N extends DocumentName>(name: N, change: Change<N>, parent: Span): Promise<ClusterSnapshot> {
    const span = parent.child(SPAN.coordinatorUpdate);
    const result = (this.#queues.get(name) ?? Promise.resolve()).then(() =>
      inCoordinatorSpan(span, name, () => this.#update(name, change, span)),
    );
    this.#queues.set(
      name,
      result.catch(() => undefined),
    );
    return result;
  }

  async #update<N extends DocumentName>(name: N, change: Change<N>, span: Span): Promise<ClusterSnapshot> {
    for (let attempt = 0; attempt < MAX_UPDATE_ATTEMPTS; attempt++) {
      if (attempt > 0) await sleep(backoffMs(attempt, RETRY_BASE_MS, RETRY_CAP_MS));
      span.set(ATTRIBUTE.attempts, attempt + 1);
      const entry = await this.#coordinator.get(name);
      if (entry === null) {
        if (name !== "rmd") throw new AisError("unavailable", `the cluster has no "${name}" document yet`);
        // A cluster that was made before there was one.
        await this.#coordinator.put(name, encodeDocument("rmd", emptyRmd()), "absent");
        continue;
      }
      const current = this.#snapshots.at(name, entry.revision) ?? parseDocument(name, entry.value);
      const wanted = change(current);
      if (wanted === null) {
        this.#snapshots.apply(name, entry, current);
        return this.#finish(span, name, false);
      }
      const next = codecOf(name).succeed(current, wanted, this.#clock.nowMs());
      const expected = { revision: entry.revision };
      const latest = await this.#coordinator.put(name, encodeDocument(name, next), expected);
      if (latest === null) continue;
      this.#snapshots.apply(name, latest, next);
      return this.#finish(span, name, true);
    }
    throw new AisError(
      "conflict",
      `failed to change "${name}": ${MAX_UPDATE_ATTEMPTS} attempts met other changes`,
    );
  }

  #finish(span: Span, name: DocumentName, changed: boolean): ClusterSnapshot {
    const snapshot = this.#snapshots.current;
    if (span.recording) {
      span.set(ATTRIBUTE.documentVersion, documentVersion(snapshot, name));
      span.set(ATTRIBUTE.documentChanged, changed);
    }
    return snapshot;
  }
}

function documentVersion<N extends DocumentName>(snapshot: DocumentTypes, name: N): string {
  return codecOf(name).version(snapshot[name]);
}
