/** Ties the parts of a node's membership together: lease, registration, election, Smap duty, watch and documents. */
import { assert } from "@ais/base/assert.ts";
import type { Clock } from "@ais/base/clock.ts";
import { errorText } from "@ais/base/errors.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import type { Logger } from "@ais/base/log.ts";
import { RepeatLimit } from "@ais/base/repeat-limit.ts";
import type { Tracing } from "@ais/tracing/types.ts";
import { findNode, isActive, SNODE_FLAGS, type Snode } from "@ais/wire/smap.ts";
import { loadCluster } from "./bootstrap.ts";
import { ClusterWatch } from "./cluster-watch.ts";
import type { Coordinator, KeyValue, Lease } from "./coordinator/coordinator.ts";
import { DocumentStore } from "./document-store.ts";
import { DocumentView } from "./document-view.ts";
import { Election } from "./election.ts";
import { LeaseSession } from "./lease-session.ts";
import type { ClusterMember } from "./member.ts";
import { Registration } from "./registration.ts";
import { isTransient, SerialTask } from "./serial-task.ts";
import { SmapKeeper } from "./smap-keeper.ts";
import type { DocumentName } from "./snapshot.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import { ATTRIBUTE, SPAN } from "./span-names.ts";
import { TroubleLog } from "./trouble-log.ts";
import { Wakeups } from "./wakeups.ts";

export interface MemberOptions {
  readonly coordinator: Coordinator;
  readonly self: Snode;
  readonly snapshots: SnapshotStore;
  readonly leaseTtlMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tracing: Tracing;
}

/** How often a target looks for the cluster that the first proxy has yet to make. */
const CLUSTER_POLL_MS = 100;

export class Member extends DocumentView implements ClusterMember {
  readonly self: Snode;
  readonly #options: MemberOptions;
  readonly #snapshots: SnapshotStore;
  readonly #trouble: TroubleLog;
  readonly #problems: RepeatLimit;
  readonly #registration: Registration;
  readonly #session: LeaseSession;
  readonly #election: Election;
  readonly #watch: ClusterWatch;
  readonly #campaign: SerialTask;
  readonly #upkeep: SerialTask;
  readonly #disposal = new AbortController();
  readonly #wakeups = new Wakeups();
  #running: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;
  #seatHolder: string | null = null;
  #joined = false;

  constructor(options: MemberOptions) {
    const { coordinator, self, snapshots, leaseTtlMs, clock, logger, tracing } = options;
    const problems = new RepeatLimit(clock, logger);
    super(snapshots, new DocumentStore(coordinator, snapshots, clock), problems);
    this.self = self;
    this.#options = options;
    this.#snapshots = snapshots;
    const selfId = self.daemon_id;
    this.#trouble = new TroubleLog(clock, logger, tracing);
    this.#problems = problems;
    this.#registration = new Registration(coordinator, self, leaseTtlMs, clock);
    this.#session = new LeaseSession(
      { coordinator, ttlMs: leaseTtlMs, clock, trouble: this.#trouble },
      {
        prepare: (signal) => this.#registration.awaitFreeId(signal),
        acquired: (lease) => this.#acquired(lease),
        renewed: (lease) => this.#renewed(lease),
        doubted: () => this.#election.settle("lease not renewed in time"),
        lost: (lease) => this.#lost(lease),
      },
    );
    const onChange = (): void => this.#upkeep.trigger();
    this.#election = new Election({
      coordinator,
      session: this.#session,
      selfId,
      clock,
      logger,
      tracing,
      onChange,
    });
    const isPrimary = (): boolean => this.#election.isPrimary;
    const keeper = new SmapKeeper({
      coordinator,
      snapshots,
      selfId,
      isPrimary,
      clock,
      logger,
      problems,
      tracing,
    });
    this.#campaign = new SerialTask(
      () => this.#election.campaign(),
      (error) => this.#taskFailed("election", error),
    );
    this.#upkeep = new SerialTask(
      () => keeper.reconcile(),
      (error) => this.#taskFailed("smap", error),
    );
    this.#watch = new ClusterWatch(
      coordinator,
      {
        document: (name, entry) => this.#documentChanged(name, entry),
        seat: (holderId) => this.#seatChanged(holderId),
        nodes: () => this.#upkeep.trigger(),
      },
      this.#trouble,
    );
    snapshots.onChange(() => this.#settle());
  }

  get isPrimary(): boolean {
    return this.#election.isPrimary;
  }

  get isReady(): boolean {
    return this.#joined && this.#isInSmap && this.snapshot.smap.proxy_si !== null;
  }

  handOverPrimary(id: string): Promise<void> {
    return this.#election.handOver(id);
  }

  run(signal: AbortSignal): Promise<void> {
    assert(this.#running === null, "a member runs once");
    this.#running = this.#run(AbortSignal.any([signal, this.#disposal.signal]));
    return this.#running;
  }

  async ready(signal: AbortSignal): Promise<void> {
    while (!this.isReady) {
      signal.throwIfAborted();
      if (this.#failure !== null) throw this.#failure.error;
      await this.#wakeups.changedSince(this.#wakeups.generation, signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposal.abort();
    // Whoever called `run` has the error.
    await this.#running?.catch(() => undefined);
  }

  /** The parts live and end together: when one cannot go on, the others are stopped and its error is the result. */
  async #run(signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const both = AbortSignal.any([signal, stop.signal]);
    const part = async (body: Promise<void>): Promise<void> => {
      try {
        await body;
      } catch (error) {
        this.#failure ??= { error };
        stop.abort();
      }
    };
    await part(this.#awaitCluster(both));
    if (!both.aborted) await Promise.all([part(this.#watch.run(both)), part(this.#takePart(both))]);
    await Promise.all([this.#campaign.stop(), this.#upkeep.stop()]);
    this.#trouble.stop();
    this.#settle();
    if (this.#failure !== null) throw this.#failure.error;
  }

  async #awaitCluster(signal: AbortSignal): Promise<void> {
    const { coordinator, logger } = this.#options;
    for (let waited = false; !signal.aborted; waited = true) {
      try {
        if (await loadCluster(coordinator, this.#snapshots, undefined)) return;
        if (!waited) logger.log("info", "waiting for the first proxy to create the cluster");
      } catch (error) {
        if (!isTransient(error)) throw error;
        this.#trouble.failed(error);
      }
      await sleep(CLUSTER_POLL_MS, signal);
    }
  }

  async #takePart(signal: AbortSignal): Promise<void> {
    await this.#session.run(signal);
    this.#election.settle("leaving");
    if (!this.#registration.isRegistered) return;
    this.#registration.forget();
    this.#announce(SPAN.membershipLeave, "left the cluster");
  }

  async #acquired(lease: Lease): Promise<boolean> {
    if (!(await this.#registration.enter(lease))) return false;
    this.#announce(SPAN.membershipJoin, "registered with the cluster", lease);
    this.#trouble.recovered();
    this.#settle();
    if (this.#isElectable) this.#campaign.trigger();
    return true;
  }

  async #renewed(lease: Lease): Promise<void> {
    await this.#registration.verify(lease);
    this.#election.settle("lease renewed");
    // The seat may have come free while the lease was in doubt and this node could not take it.
    const seatMayBeOurs = this.#seatHolder === null || this.#seatHolder === this.self.daemon_id;
    if (this.#isElectable && !this.isPrimary && seatMayBeOurs) this.#campaign.trigger();
  }

  #lost(lease: Lease): void {
    this.#registration.forget();
    this.#election.settle("lease lost");
    this.#announce(SPAN.leaseLost, "lost the lease, registering again", lease);
  }

  #documentChanged(name: DocumentName, entry: KeyValue): void {
    if (!this.takeOver(name, entry)) return;
    if (name === "smap" || name === "rmd") this.#upkeep.trigger();
  }

  #seatChanged(holderId: string | null): void {
    this.#seatHolder = holderId;
    if (this.#isElectable && this.#registration.isRegistered) this.#campaign.trigger();
    this.#settle();
  }

  #taskFailed(task: string, error: unknown): void {
    if (isTransient(error)) this.#trouble.failed(error);
    else this.#problems.error("cluster duty failed", { task, error: errorText(error) });
  }

  /** Looks at readiness again and wakes whoever waits for it. */
  #settle(): void {
    // The Smap of a cluster that was stopped names a primary that is gone: the seat tells whether it is the living one.
    const primaryId = this.snapshot.smap.proxy_si?.daemon_id;
    if (this.#registration.isRegistered && this.#isInSmap && primaryId === this.#seatHolder)
      this.#joined = true;
    this.#wakeups.wake();
  }

  #announce(spanName: string, message: string, lease?: Lease): void {
    const { tracing, logger, leaseTtlMs } = this.#options;
    const span = tracing.startRoot(spanName);
    span.set(ATTRIBUTE.node, this.self.daemon_id);
    if (lease !== undefined) {
      span.set(ATTRIBUTE.leaseId, lease.id);
      span.set(ATTRIBUTE.leaseTtlMs, leaseTtlMs);
    }
    const level = spanName === SPAN.leaseLost ? "warn" : "info";
    logger.log(level, message, { node: this.self.daemon_id, lease: lease?.id }, span);
    span.end();
  }

  get #isInSmap(): boolean {
    const url = findNode(this.snapshot.smap, this.self.daemon_id)?.public_net.direct_url;
    return url === this.self.public_net.direct_url;
  }

  get #isElectable(): boolean {
    const seen = findNode(this.snapshot.smap, this.self.daemon_id) ?? this.self;
    return (
      this.self.daemon_type === "proxy" && isActive(seen) && (seen.flags & SNODE_FLAGS.nonElectable) === 0
    );
  }
}
