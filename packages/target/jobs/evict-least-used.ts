/**
 * `lru`: where a mountpath is used beyond `space.highwm`, objects of buckets with `lru.enabled` are deleted, those first that
 * were not used for longest, until use is down to `space.lowwm`. Objects of ais buckets exist nowhere else: whoever enables
 * it for such a bucket, or names the bucket and forces it, says that it is a cache. Objects that live in the index give no space back and are left alone.
 */
import { parseDurationNs } from "@ais/base/units.ts";
import { spaceJobArgs } from "@ais/cluster/jobs/space-args.ts";
import type { JobContext, JobWork, UnitOutcome } from "@ais/node/jobs/job-work.ts";
import { DEFAULT_STORAGE_LIMITS } from "@ais/storage/limits.ts";
import type { ListedObject, MountpathCapacity, ObjectKey } from "@ais/storage/types.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { Span } from "@ais/tracing/types.ts";
import { hasAccess } from "@ais/wire/access.ts";
import { type Bck, bucketCname, objectUname, sameBucket } from "@ais/wire/bck.ts";
import { listBuckets } from "@ais/wire/bmd.ts";
import { type Bprops, bucketId } from "@ais/wire/bprops.ts";
import type { TargetServices } from "../services.ts";

const PAGE_COUNT = 1000;
const DELETIONS_PER_UNIT = 64;
const NS_PER_MS = 1_000_000n;

interface EvictableBucket {
  readonly bucket: Bck;
  readonly props: Bprops;
}

interface Candidate {
  readonly key: ObjectKey;
  readonly object: ListedObject;
  readonly usedAtMs: number;
}

/** Buckets whose objects may be evicted: those that are caches, unless nothing may be deleted from them. */
export function evictableBuckets(services: Pick<TargetServices, "member">): readonly EvictableBucket[] {
  return deletableBuckets(services).filter(({ props }) => props.lru.enabled);
}

function deletableBuckets({ member }: Pick<TargetServices, "member">): readonly EvictableBucket[] {
  return listBuckets(member.snapshot.bmd).filter(({ props }) => hasAccess(props, "DELETE-OBJECT"));
}

export function evictLeastUsed(context: JobContext, services: TargetServices): JobWork {
  return new Eviction(context, services);
}

class Eviction implements JobWork {
  readonly #context: JobContext;
  readonly #services: TargetServices;
  readonly #span: Span;
  readonly #excess: Excess;
  readonly #buckets: EvictableBucket[];
  #after = "";
  #candidates: Candidate[] = [];
  #isSorted = false;

  constructor(context: JobContext, services: TargetServices) {
    this.#context = context;
    this.#services = services;
    this.#span = context.phase("evict");
    const { store, member } = services;
    this.#excess = new Excess(store.capacity(0), member.snapshot.config.space);
    const { buckets, force } = spaceJobArgs(context.record);
    const candidates = force ? deletableBuckets(services) : evictableBuckets(services);
    this.#buckets = candidates.filter(
      ({ bucket, props }) =>
        buckets.length === 0 ||
        buckets.some((named) => sameBucket(bucket, named.bucket) && props.bid === named.bid),
    );
  }

  /** A restart begins anew, with what there is to free by then. */
  cursor(): string {
    return "";
  }

  async unit(): Promise<UnitOutcome> {
    const [bucket] = this.#buckets;
    if (this.#excess.isOver) return this.#finish();
    if (bucket !== undefined) {
      await this.#collect(bucket);
      return { kind: "worked" };
    }
    return (await this.#evictSome()) ? { kind: "worked" } : this.#finish();
  }

  async #finish(): Promise<UnitOutcome> {
    if (this.#context.stats.objects > 0) await this.#services.store.reclaimSpace(this.#span);
    return { kind: "done" };
  }

  /** One page of a bucket; keeps as many candidates as `lru.batch_size` says, those that were not used for longest. */
  async #collect({ bucket, props }: EvictableBucket): Promise<void> {
    const { store, recentReads, clock } = this.#services;
    const id = bucketId(props);
    const options = { prefix: "", after: this.#after, limit: PAGE_COUNT, delimiter: "" };
    const { objects, more } = await store.list(id, options, NOOP_SPAN);
    const youngestMs = clock.nowMs() - Number(parseDurationNs(props.lru.dont_evict_time) / NS_PER_MS);
    for (const object of objects) {
      const { attributes, objectName } = object;
      if (attributes.sizeBytes <= DEFAULT_STORAGE_LIMITS.inlineObjectBytes) continue;
      if (!this.#excess.isAt(attributes.mountpath)) continue;
      const uname = objectUname(bucket, objectName);
      const key = { bucketId: id, bucketName: bucketCname(bucket), objectName, uname };
      const usedAtMs = Math.max(Number(attributes.atimeNs / NS_PER_MS), recentReads.lastReadMs(key));
      if (usedAtMs <= youngestMs) this.#candidates.push({ key, object, usedAtMs });
    }
    if (this.#candidates.length > 2 * props.lru.batch_size) this.#trim(props.lru.batch_size);
    this.#after = objects.at(-1)?.objectName ?? "";
    if (more) return;
    this.#after = "";
    this.#buckets.shift();
  }

  #trim(count: number): void {
    this.#candidates.sort((a, b) => a.usedAtMs - b.usedAtMs);
    this.#candidates.length = count;
  }

  /** False when nothing is left to evict. */
  async #evictSome(): Promise<boolean> {
    const { store, recentReads, metrics, logger } = this.#services;
    if (!this.#isSorted) this.#candidates.sort((a, b) => b.usedAtMs - a.usedAtMs);
    this.#isSorted = true;
    for (let n = 0; n < DELETIONS_PER_UNIT && !this.#excess.isOver; n++) {
      const candidate = this.#candidates.pop();
      if (candidate === undefined) return false;
      const { key, object, usedAtMs } = candidate;
      const { attributes } = object;
      // Enough was freed there, or somebody has read it meanwhile.
      if (!this.#excess.isAt(attributes.mountpath) || recentReads.lastReadMs(key) > usedAtMs) continue;
      if (!(await store.deleteUnchanged(key, attributes, NOOP_SPAN))) continue;
      recentReads.forget(key);
      this.#excess.free(attributes.mountpath, attributes.sizeBytes);
      this.#context.stats.objects++;
      this.#context.stats.bytes += attributes.sizeBytes;
      metrics.add("lru.evict.n", 1);
      metrics.add("lru.evict.size", attributes.sizeBytes);
      logger.log("debug", "evicted an object", { object: key.uname, size: attributes.sizeBytes });
    }
    return true;
  }
}

/** What is to be freed, by file system: deleted files give their space back later, so it is counted and not looked up. */
class Excess {
  readonly #fileSystemOf = new Map<string, string>();
  readonly #bytes = new Map<string, number>();

  constructor(
    capacity: readonly MountpathCapacity[],
    { highwm, lowwm }: { readonly highwm: number; readonly lowwm: number },
  ) {
    for (const { path, fsId, usedBytes, availableBytes } of capacity) {
      const totalBytes = usedBytes + availableBytes;
      this.#fileSystemOf.set(path, fsId);
      if (usedBytes * 100 > totalBytes * highwm)
        this.#bytes.set(fsId, usedBytes - (totalBytes * lowwm) / 100);
    }
  }

  get isOver(): boolean {
    return this.#bytes.size === 0;
  }

  isAt(mountpath: string): boolean {
    return this.#bytes.has(this.#fileSystemOf.get(mountpath) ?? "");
  }

  free(mountpath: string, bytes: number): void {
    const fileSystem = this.#fileSystemOf.get(mountpath) ?? "";
    const left = (this.#bytes.get(fileSystem) ?? 0) - bytes;
    if (left > 0) this.#bytes.set(fileSystem, left);
    else this.#bytes.delete(fileSystem);
  }
}
