/**
 * The second half of `copy-bck` with `synchronize`: objects of the destination go whose originals are not in the source any
 * more. Only the owner of an original may say that it is missing. What was written since the job began stays.
 */
import { AisError } from "@ais/base/errors.ts";
import { type JobBucket, WAITS_FOR_PLACEMENT } from "@ais/cluster/jobs/job-record.ts";
import type { JobContext, JobWork, UnitOutcome } from "@ais/node/jobs/job-work.ts";
import { callPeer } from "@ais/node/peer-client.ts";
import { peerFailure } from "@ais/node/peer-failure.ts";
import type { ListedObject } from "@ais/storage/types.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { objectUname } from "@ais/wire/bck.ts";
import { findBucket } from "@ais/wire/bmd.ts";
import { bucketNotFound } from "@ais/wire/error-texts.ts";
import { type CopyMsg, originalNames } from "@ais/wire/jobs/job-messages.ts";
import { MISSING_NAMES_MAX, type MissingRequest, parseMissingReply } from "@ais/wire/missing-objects.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { isSettled } from "@ais/wire/rmd.ts";
import type { Snode } from "@ais/wire/smap.ts";
import { missingHere } from "../placement/missing-here.ts";
import type { TargetServices } from "../services.ts";
import { isPassing } from "./each-object.ts";
import { missingTarget } from "./missing-target.ts";
import { type ObjectSource, objectKey, openSource } from "./object-source.ts";
import { isWrittenSince } from "./written-since.ts";

const RETRY_DELAY_MS = 300;
const ANSWER_TIMEOUT_MS = 30_000;

export interface PruneOptions {
  readonly from: JobBucket;
  readonly to: JobBucket;
  readonly args: CopyMsg;
  readonly context: JobContext;
  readonly cursor: string;
}

export class PruneCopies implements JobWork {
  readonly #options: PruneOptions;
  readonly #services: TargetServices;
  readonly #source: ObjectSource;
  #cursor: string;

  constructor(options: PruneOptions, services: TargetServices) {
    this.#options = options;
    this.#services = services;
    const { to, args, cursor } = options;
    const destination = { bucket: to.bucket, bucketId: BigInt(to.bid) };
    this.#source = openSource(services.localStore, destination, args.selection);
    this.#cursor = cursor;
    options.context.phase("prune");
  }

  cursor(): string {
    return this.#cursor;
  }

  async unit(signal: AbortSignal): Promise<UnitOutcome> {
    const obstacle = this.#obstacle();
    if (obstacle !== null) return waiting(obstacle);
    const { objects, next } = await this.#source.batch(this.#cursor);
    try {
      await this.#prune(
        objects.filter((object) => this.#isOurs(object)),
        signal,
      );
    } catch (error) {
      if (signal.aborted || !isPassing(error)) throw error;
      return waiting(error instanceof Error ? error.message : String(error));
    }
    if (next === null) return { kind: "done" };
    this.#cursor = next;
    return { kind: "worked" };
  }

  /** Where an object is on its way from one target to another, nobody can say for certain that it is missing. */
  #obstacle(): string | null {
    const { context } = this.#options;
    const gone = missingTarget(context.record.targets, this.#services);
    if (gone !== null) return gone;
    return isSettled(this.#services.member.snapshot) ? null : WAITS_FOR_PLACEMENT;
  }

  #isOurs({ objectName, attributes }: ListedObject): boolean {
    const { context, to } = this.#options;
    const { handOver, facts } = this.#services;
    if (isWrittenSince(attributes, context)) return false;
    return handOver.ownerOf(objectUname(to.bucket, objectName))?.daemon_id === facts.id;
  }

  async #prune(objects: readonly ListedObject[], signal: AbortSignal): Promise<void> {
    const { args, to } = this.#options;
    const originals = objects.map(({ objectName }) => originalNames(objectName, args));
    const missing = await this.#missing([...new Set(originals.flat())], signal);
    const orphans = objects.filter((_, index) => originals[index]?.every((name) => missing.has(name)));
    this.#requireBuckets();
    const destination = { bucket: to.bucket, bucketId: BigInt(to.bid) };
    await Promise.all(
      orphans.map(({ objectName, attributes }) =>
        this.#services.store.deleteUnchanged(objectKey(destination, objectName), attributes, NOOP_SPAN),
      ),
    );
  }

  async #missing(names: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>> {
    const { from } = this.#options;
    const { handOver, member, facts } = this.#services;
    const byOwner = new Map<string, { readonly owner: Snode; readonly names: string[] }>();
    for (const name of names) {
      const owner = handOver.ownerOf(objectUname(from.bucket, name));
      if (owner === null) throw new AisError("unavailable", "the cluster has no active targets");
      const known = byOwner.get(owner.daemon_id) ?? { owner, names: [] };
      byOwner.set(owner.daemon_id, known);
      known.names.push(name);
    }
    const smapVersion = member.snapshot.smap.version;
    const answers = [...byOwner.values()].flatMap(({ owner, names }) =>
      slices(names, MISSING_NAMES_MAX).map((slice) => {
        const request = { bucket: from.bucket, bid: from.bid, smapVersion, names: slice };
        return owner.daemon_id === facts.id
          ? missingHere(request, NOOP_SPAN, this.#services)
          : this.#ask(owner, request, signal);
      }),
    );
    return new Set((await Promise.all(answers)).flat());
  }

  async #ask(owner: Snode, request: MissingRequest, signal: AbortSignal): Promise<readonly string[]> {
    const call = { method: "POST", path: PATHS.intraMissing, timeoutMs: ANSWER_TIMEOUT_MS, signal };
    const body = JSON.stringify(request);
    const reply = await callPeer(owner, { ...call, body }, NOOP_SPAN, this.#services);
    const text = new TextDecoder().decode(reply.body);
    if (reply.status !== 200) throw peerFailure(reply.status, text);
    return parseMissingReply(text).missing;
  }

  #requireBuckets(): void {
    const { from, to } = this.#options;
    const { bmd } = this.#services.member.snapshot;
    for (const { bucket, bid } of [from, to])
      if (findBucket(bmd, bucket)?.bid !== bid) throw bucketNotFound(bucket);
  }
}

function slices(names: readonly string[], length: number): (readonly string[])[] {
  const count = Math.ceil(names.length / length);
  return Array.from({ length: count }, (_, index) => names.slice(index * length, (index + 1) * length));
}

function waiting(reason: string): UnitOutcome {
  return { kind: "waiting", reason, delayMs: RETRY_DELAY_MS };
}
