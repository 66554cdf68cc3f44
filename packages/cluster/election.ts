/**
 * The election of the primary proxy: the key `election/primary` under the node's lease. `isPrimary` turns false the
 * moment the lease is in doubt by the node's own clock, before the coordinator can let anyone else win.
 */
import type { Clock } from "@ais/base/clock.ts";
import { AisError } from "@ais/base/errors.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import type { Logger } from "@ais/base/log.ts";
import type { Tracing } from "@ais/tracing/types.ts";
import { KEYS } from "./cluster-keys.ts";
import type { Coordinator, Lease } from "./coordinator/coordinator.ts";
import { ATTRIBUTE, SPAN } from "./span-names.ts";

/** What the election needs of `LeaseSession`. */
export interface ElectionLease {
  readonly lease: Lease | null;
  readonly isValid: boolean;
}

export interface ElectionOptions {
  readonly coordinator: Coordinator;
  readonly session: ElectionLease;
  readonly selfId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tracing: Tracing;
  /** Called at every change of `isPrimary`. */
  readonly onChange: (isPrimary: boolean) => void;
}

interface Seat {
  readonly leaseId: string;
  /** Revision of the key: grows with every election, so it names the term. */
  readonly revision: number;
}

/** A proxy that was named the primary takes over within this, or the seat goes back. */
const TAKE_OVER_MAX_MS = 4000;
const TAKE_OVER_POLL_MS = 25;

export class Election {
  readonly #options: ElectionOptions;
  #seat: Seat | null = null;
  #announced = false;

  constructor(options: ElectionOptions) {
    this.#options = options;
  }

  get isPrimary(): boolean {
    const { session } = this.#options;
    return this.#seat !== null && session.isValid && session.lease?.id === this.#seat.leaseId;
  }

  /** Takes the seat when it is free and finds out whether it is still held. Not to be run twice at a time. */
  async campaign(): Promise<void> {
    const { coordinator, session, selfId } = this.#options;
    const lease = session.lease;
    if (lease === null || !session.isValid) return this.settle("no lease");
    const entry = await coordinator.get(KEYS.election);
    if (entry !== null && this.#seat?.revision === entry.revision && this.#seat.leaseId === lease.id) {
      return this.settle("lease renewed");
    }
    // The id is this node's alone (see registration.ts), so a seat under it is that of a former life.
    const free = entry === null || entry.value === selfId;
    const expected = entry === null ? "absent" : { revision: entry.revision };
    const won = free ? await coordinator.put(KEYS.election, selfId, expected, lease) : null;
    this.#seat = won === null ? null : { leaseId: lease.id, revision: won.revision };
    this.settle(free ? "seat free" : "seat taken");
  }

  /**
   * Gives the seat to another proxy by name: the key then holds its id, which to it means a seat of its own, and it puts
   * the key under its own lease. Until then the key goes with this node's lease, so no seat is ever held by the dead.
   */
  async handOver(toId: string): Promise<void> {
    const { coordinator, session, selfId, clock } = this.#options;
    const { lease } = session;
    const seat = this.#seat;
    if (!this.isPrimary || lease === null || seat === null)
      throw new AisError("conflict", `"${selfId}" is not the primary proxy`);
    const given = await coordinator.put(KEYS.election, toId, { revision: seat.revision }, lease);
    if (given === null) throw new AisError("conflict", `"${selfId}" is not the primary proxy any more`);
    this.#seat = null;
    this.settle("handed over");
    const deadlineMs = clock.monotonicMs() + TAKE_OVER_MAX_MS;
    for (;;) {
      const entry = await coordinator.get(KEYS.election);
      if (entry !== null && entry.revision !== given.revision && entry.value === toId) return;
      if (entry === null || entry.revision !== given.revision)
        throw new AisError("unavailable", `proxy "${toId}" did not take over: another election took place`);
      if (clock.monotonicMs() > deadlineMs) break;
      await sleep(TAKE_OVER_POLL_MS);
    }
    const back = await coordinator.put(KEYS.election, selfId, { revision: given.revision }, lease);
    if (back === null) return;
    this.#seat = { leaseId: lease.id, revision: back.revision };
    this.settle("not taken over");
    throw new AisError("unavailable", `proxy "${toId}" did not take over within ${TAKE_OVER_MAX_MS} ms`);
  }

  /** Announces what has become of `isPrimary`. Called whenever the lease is in doubt or lost. */
  settle(reason: string): void {
    const { logger, tracing, selfId, onChange } = this.#options;
    const isPrimary = this.isPrimary;
    if (isPrimary === this.#announced) return;
    this.#announced = isPrimary;
    const span = tracing.startRoot(isPrimary ? SPAN.electionWon : SPAN.electionLost);
    const term = this.#seat?.revision ?? 0;
    span.set(ATTRIBUTE.node, selfId);
    span.set(ATTRIBUTE.reason, reason);
    span.set(ATTRIBUTE.electionTerm, term);
    logger.log("info", isPrimary ? "became the primary" : "no longer the primary", { reason, term }, span);
    span.end();
    onChange(isPrimary);
  }
}
