/** Follows everything under the coordinator's keys and tells the parts of the node what concerns them. */
import { backoffMs, sleep } from "@ais/base/lifecycle.ts";
import { DOCUMENT_NAMES, isDocumentName, KEYS } from "./cluster-keys.ts";
import {
  CompactedError,
  type Coordinator,
  type CoordinatorEvent,
  type KeyValue,
} from "./coordinator/coordinator.ts";
import { isTransient } from "./serial-task.ts";
import type { TroubleLog } from "./trouble-log.ts";

export interface ClusterEvents {
  /** A document may have changed. Must not throw. */
  document(name: (typeof DOCUMENT_NAMES)[number], entry: KeyValue): void;
  /** Who holds the seat of the primary; null when nobody does. */
  seat(holderId: string | null): void;
  /** Some node came, went or changed. */
  nodes(): void;
}

const RETRY_BASE_MS = 100;
const RETRY_CAP_MS = 1000;

export class ClusterWatch {
  readonly #coordinator: Coordinator;
  readonly #events: ClusterEvents;
  readonly #trouble: TroubleLog;

  constructor(coordinator: Coordinator, events: ClusterEvents, trouble: TroubleLog) {
    this.#coordinator = coordinator;
    this.#events = events;
    this.#trouble = trouble;
  }

  /** Goes on through failures of the coordinator and gaps in its history until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const revision = await this.#coordinator.revision();
        await this.#load();
        this.#trouble.recovered();
        attempt = 0;
        for await (const event of this.#coordinator.watch("", revision, signal)) this.#dispatch(event);
      } catch (error) {
        if (error instanceof CompactedError) continue;
        if (!isTransient(error)) throw error;
        this.#trouble.failed(error);
        await sleep(backoffMs(attempt, RETRY_BASE_MS, RETRY_CAP_MS), signal);
      }
    }
  }

  async #load(): Promise<void> {
    for (const name of DOCUMENT_NAMES) {
      const entry = await this.#coordinator.get(name);
      if (entry !== null) this.#events.document(name, entry);
    }
    this.#events.seat((await this.#coordinator.get(KEYS.election))?.value ?? null);
    this.#events.nodes();
  }

  #dispatch(event: CoordinatorEvent): void {
    const key = event.kind === "put" ? event.entry.key : event.key;
    if (key === KEYS.election) this.#events.seat(event.kind === "put" ? event.entry.value : null);
    else if (key.startsWith(KEYS.nodePrefix)) this.#events.nodes();
    else if (event.kind === "put" && isDocumentName(key)) this.#events.document(key, event.entry);
  }
}
