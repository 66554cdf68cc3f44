/** Sends objects that this target holds to the targets that own them, and then lets them go here. */
import { AisError, isAisError } from "@ais/base/errors.ts";
import type { ClusterMember } from "@ais/cluster/member.ts";
import type { Hrw } from "@ais/hrw/hrw.ts";
import type { IntraAuth } from "@ais/node/intra-auth.ts";
import type { NodeMetrics } from "@ais/node/metrics/types.ts";
import type { HandedOver } from "@ais/node/workers/protocol.ts";
import type { Workers } from "@ais/node/workers/workers.ts";
import { withSpan } from "@ais/storage/failed-span.ts";
import type { ObjectKey, ObjectReader, ObjectStore } from "@ais/storage/types.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { Span } from "@ais/tracing/types.ts";
import type { Snode } from "@ais/wire/smap.ts";
import type { ShareHolds } from "../jobs/share-holds.ts";
import { describeTransfer } from "../transfer/describe-transfer.ts";
import { sendForJob } from "../transfer/send-for-job.ts";
import { ownerOf } from "./owner.ts";

export interface HandOverParts {
  /** What this target itself holds. */
  readonly store: ObjectStore;
  readonly member: ClusterMember;
  readonly hrw: Hrw;
  readonly metrics: NodeMetrics;
  readonly intraAuth: IntraAuth;
  readonly nodeId: string;
  /** This target's other processes. */
  readonly workers: Pick<Workers, "sync">;
  /** What only a rebalance may move, which ends the jobs that it would disturb. */
  readonly holds: Pick<ShareHolds, "known" | "certain" | "noteCrossed">;
}

/** What who writes objects needs of it. */
export type Sending = Pick<HandOver, "ownerOf" | "run">;

/** One object on its way, or being deleted. */
interface UnderWay {
  readonly outcome: Promise<HandedOver>;
  /** It came back meanwhile: what was sent must not be deleted. */
  isKept: boolean;
  /** Of what was sent. */
  deletion: Promise<unknown> | null;
}

/** An object that is changed here while it is sent is sent again; whoever changes it so often has other plans with it. */
const ATTEMPTS_MAX = 8;

const SPAN = {
  handOver: "ais.object.hand-over",
  /** The other processes of this target learn of the newest cluster map. */
  mapShare: "ais.map.share",
  /** Whether a job that the coordinator knows of has yet to come to the object. */
  coordinatorGet: "ais.coordinator.get",
} as const;
const ATTRIBUTE = {
  /** `sent`, `absent`, `owned`. */
  outcome: "ais.hand-over.outcome",
  /** The transfer was begun by another request, whose spans tell of it. */
  shared: "ais.hand-over.shared",
  document: "ais.document",
} as const;

export class HandOver {
  readonly #parts: HandOverParts;
  readonly #underWay = new Map<string, UnderWay>();
  /** Version of the cluster map that every process of this target has. */
  #commonMap = "";

  constructor(parts: HandOverParts) {
    this.#parts = parts;
  }

  /** Null when the cluster has no active target. */
  ownerOf(uname: string): Snode | null {
    return ownerOf(uname, this.#parts);
  }

  /**
   * The object is whole and durable at its owner, or a newer one is, when this resolves with `sent`; here it is gone. Several
   * callers at a time share one transfer. Without a job it stays while the share of a job here has yet to come to it. Throws
   * `unavailable` and whatever the owner answered; the object stays then. A request that waits for it gives its span; a job has
   * none for an object.
   */
  run(key: ObjectKey, jobId: string, signal: AbortSignal, parent: Span = NOOP_SPAN): Promise<HandedOver> {
    return tracedHandOver(parent, (span) => this.#share(key, jobId, signal, span));
  }

  #share(key: ObjectKey, jobId: string, signal: AbortSignal, span: Span): Promise<HandedOver> {
    const underWay = this.#underWay.get(key.uname);
    if (underWay !== undefined) {
      span.set(ATTRIBUTE.shared, true);
      return this.#after(underWay.outcome, key, jobId, signal, span);
    }
    const { promise, resolve, reject } = Promise.withResolvers<HandedOver>();
    const run: UnderWay = { outcome: promise, isKept: false, deletion: null };
    this.#underWay.set(key.uname, run);
    const forget = (): boolean => this.#underWay.delete(key.uname);
    promise.then(forget, forget);
    this.#run(key, run, jobId, signal, span).then(resolve, reject);
    return promise;
  }

  /**
   * An owner that is none any more by a newer map sends back what it was sent, while the sender waits for its answer: once this
   * has resolved, no transfer that began before deletes what is here.
   */
  async keep(uname: string): Promise<void> {
    const underWay = this.#underWay.get(uname);
    if (underWay === undefined) return;
    underWay.isKept = true;
    await underWay.deletion?.catch(() => null);
  }

  /** The object is on its way from here, and may be at its owner already. */
  isUnderWay(uname: string): boolean {
    return this.#underWay.has(uname);
  }

  /** What the caller wrote may have become visible after the transfer under way had looked for the last time. */
  async #after(
    underWay: Promise<HandedOver>,
    key: ObjectKey,
    jobId: string,
    signal: AbortSignal,
    span: Span,
  ): Promise<HandedOver> {
    const outcome = await underWay;
    if (outcome.kind === "owned" || (await this.#parts.store.head(key, span)) === null) return outcome;
    return this.#share(key, jobId, signal, span);
  }

  /**
   * Deletes what is here of an object that its owner deletes, unless it was written after `notNewerThanNs`; a transfer under
   * way ends first. True when there was something.
   */
  async drop(key: ObjectKey, span: Span, notNewerThanNs?: bigint): Promise<boolean> {
    let wasSent = false;
    for (let other = this.#underWay.get(key.uname); other !== undefined; ) {
      const { outcome } = other;
      const ended = await withSpan(span, SPAN.handOver, (wait) => {
        wait.set(ATTRIBUTE.shared, true);
        return outcome.catch(() => null);
      });
      wasSent ||= ended?.kind === "sent";
      other = this.#underWay.get(key.uname);
    }
    const deletion = this.#parts.store.delete(key, "fsync", span, notNewerThanNs);
    // Whoever would send the object now finds that it is not here, or looks again.
    const done = deletion.then((): HandedOver => ({ kind: "absent" }));
    this.#underWay.set(key.uname, { outcome: done, isKept: false, deletion });
    try {
      return (await deletion) || wasSent;
    } finally {
      await done.catch(() => null);
      this.#underWay.delete(key.uname);
    }
  }

  async #run(
    key: ObjectKey,
    run: UnderWay,
    jobId: string,
    signal: AbortSignal,
    span: Span,
  ): Promise<HandedOver> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const owner = this.ownerOf(key.uname);
      if (owner === null) throw new AisError("unavailable", "the cluster has no active targets");
      if (owner.daemon_id === this.#parts.nodeId) return { kind: "owned" };
      await this.#shareMap(span);
      // It may have changed meanwhile, and the owner with it.
      if (this.#commonMap !== this.#parts.member.snapshot.smap.version) continue;
      run.isKept = false;
      const reader = await this.#open(key, span);
      if (reader === null) return { kind: "absent" };
      try {
        if (jobId === "") await this.#sendBesideJobs(key, owner, reader, signal, span);
        else await this.#send(key, owner, reader, jobId, signal, span);
      } finally {
        reader.release();
      }
      // By the map of now it may belong here.
      if (run.isKept) continue;
      const { store } = this.#parts;
      const deletion = store.deleteUnchanged(key, reader.attributes, span);
      run.deletion = deletion;
      const isDeleted = await deletion;
      run.deletion = null;
      if (isDeleted) return { kind: "sent", bytes: reader.lengthBytes };
      if ((await store.head(key, span)) === null) return { kind: "sent", bytes: reader.lengthBytes };
    }
    throw new AisError(
      "unavailable",
      `"${key.bucketName}/${key.objectName}" changes faster than it can be moved`,
    );
  }

  /** A process that does not know yet that the object has another owner would take it for missing once it has gone. */
  async #shareMap(span: Span): Promise<void> {
    const { member, workers } = this.#parts;
    const { version } = member.snapshot.smap;
    if (version === this.#commonMap) return;
    await withSpan(span, SPAN.mapShare, () => workers.sync("smap", version));
    this.#commonMap = version;
  }

  /** Throws `unavailable` while a job has yet to come to the object here, also when it has arrived. */
  async #sendBesideJobs(
    key: ObjectKey,
    owner: Snode,
    reader: ObjectReader,
    signal: AbortSignal,
    span: Span,
  ): Promise<void> {
    const { createdNs } = reader.attributes;
    requireFree(key, this.#parts.holds.known(key, createdNs));
    try {
      await this.#send(key, owner, reader, "", signal, span);
    } catch (error) {
      // It may have arrived all the same, behind the share of a job there.
      await this.#noteCrossed(key, createdNs, span).catch(() => null);
      throw error;
    }
    // A job that is not there now lists the object at its owner. One that is may have passed it there, before it came.
    requireFree(key, await this.#noteCrossed(key, createdNs, span));
  }

  /** Of what has been sent: the id of the job that it crossed, if any. */
  async #noteCrossed(key: ObjectKey, createdNs: bigint, parent: Span): Promise<string | null> {
    const { holds } = this.#parts;
    const heldBy = await withSpan(parent, SPAN.coordinatorGet, (span) => {
      span.set(ATTRIBUTE.document, "jobs");
      return holds.certain(key, createdNs);
    });
    if (heldBy !== null) holds.noteCrossed(heldBy);
    return heldBy;
  }

  async #open(key: ObjectKey, span: Span): Promise<ObjectReader | null> {
    try {
      return await this.#parts.store.get(key, { verify: false }, span);
    } catch (error) {
      if (isAisError(error, "notFound")) return null;
      throw error;
    }
  }

  async #send(
    key: ObjectKey,
    owner: Snode,
    reader: ObjectReader,
    jobId: string,
    signal: AbortSignal,
    span: Span,
  ): Promise<void> {
    const { member, metrics, intraAuth } = this.#parts;
    const { createdNs, version } = reader.attributes;
    const transfer = describeTransfer(reader.attributes, member.snapshot, {
      uname: key.uname,
      bid: key.bucketId.toString(),
      moved: { createdNs: createdNs.toString(), version },
      jobId,
    });
    const { stored } = await sendForJob({ peer: owner, transfer, reader, signal, intraAuth, span });
    if (!stored) return;
    metrics.add("stream.out.n", 1);
    metrics.add("stream.out.size", reader.lengthBytes);
  }
}

/** What a request waits for while an object goes to its owner, in this process or another. */
export function tracedHandOver(parent: Span, work: (span: Span) => Promise<HandedOver>): Promise<HandedOver> {
  return withSpan(parent, SPAN.handOver, async (span) => {
    const outcome = await work(span);
    span.set(ATTRIBUTE.outcome, outcome.kind);
    return outcome;
  });
}

function requireFree({ bucketName, objectName }: ObjectKey, jobId: string | null): void {
  if (jobId === null) return;
  throw new AisError(
    "unavailable",
    `"${bucketName}/${objectName}" stays where it is until job "${jobId}" has come to it, please try again later`,
  );
}
