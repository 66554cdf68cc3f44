/**
 * The record `nodes/<id>` of this node. An id belongs to one live node: a record with the same URL is this node's former
 * life, since two processes cannot listen on one port; one with another URL is waited for until its lease must have run out.
 */
import { must } from "@ais/base/assert.ts";
import type { Clock } from "@ais/base/clock.ts";
import { AisError } from "@ais/base/errors.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { nodeName, parseSnode, type Snode } from "@ais/wire/smap.ts";
import { nodeKey } from "./cluster-keys.ts";
import type { Coordinator, KeyValue, Lease } from "./coordinator/coordinator.ts";

/** On top of twice the ttl: a coordinator that stood still spares leases for a while. */
const CLASH_MARGIN_MS = 2500;
const CLASH_POLL_MS = 100;

export class Registration {
  readonly #coordinator: Coordinator;
  readonly #self: Snode;
  readonly #clock: Clock;
  readonly #clashTimeoutMs: number;
  #revision: number | null = null;

  constructor(coordinator: Coordinator, self: Snode, leaseTtlMs: number, clock: Clock) {
    this.#coordinator = coordinator;
    this.#self = self;
    this.#clock = clock;
    this.#clashTimeoutMs = 2 * leaseTtlMs + CLASH_MARGIN_MS;
  }

  get isRegistered(): boolean {
    return this.#revision !== null;
  }

  /** Resolves when no other live node uses the id; rejects with `conflict` when one goes on doing so. */
  async awaitFreeId(signal: AbortSignal): Promise<void> {
    const deadlineMs = this.#clock.monotonicMs() + this.#clashTimeoutMs;
    while (!signal.aborted) {
      const entry = await this.#coordinator.get(this.#key);
      if (entry === null || this.#mayReplace(entry)) return;
      if (this.#clock.monotonicMs() >= deadlineMs) throw this.#clash(entry);
      await sleep(CLASH_POLL_MS, signal);
    }
  }

  /** False when the id was taken in the meantime. */
  async enter(lease: Lease): Promise<boolean> {
    const entry = await this.#coordinator.get(this.#key);
    if (entry !== null && !this.#mayReplace(entry)) return false;
    const expected = entry === null ? "absent" : { revision: entry.revision };
    const written = await this.#coordinator.put(this.#key, encodeJson(this.#self), expected, lease);
    this.#revision = written?.revision ?? null;
    return written !== null;
  }

  /** Puts the record back when it was deleted; rejects with `conflict` when another process has taken the id over. */
  async verify(lease: Lease): Promise<void> {
    const entry = await this.#coordinator.get(this.#key);
    if (entry?.revision === must(this.#revision, "the node is registered")) return;
    if (entry !== null) throw this.#clash(entry);
    const written = await this.#coordinator.put(this.#key, encodeJson(this.#self), "absent", lease);
    if (written !== null) this.#revision = written.revision;
  }

  forget(): void {
    this.#revision = null;
  }

  get #key(): string {
    return nodeKey(this.#self.daemon_id);
  }

  #mayReplace({ value, revision }: KeyValue): boolean {
    return revision === this.#revision || this.#urlOf(value) === this.#self.public_net.direct_url;
  }

  #urlOf(value: string): string | null {
    try {
      return parseSnode(value).public_net.direct_url;
    } catch {
      // A record that nobody can read belongs to nobody.
      return this.#self.public_net.direct_url;
    }
  }

  #clash({ value }: KeyValue): AisError {
    const other = this.#urlOf(value);
    const own = this.#self.public_net.direct_url;
    const message =
      other === own
        ? `another process has registered as ${nodeName(this.#self)} at ${own}: this one gives up`
        : `node id "${this.#self.daemon_id}" is in use by a live node at ${other}, this node is at ${own}: give one of them another id`;
    return new AisError("conflict", message);
  }
}
