/** Listings as jobs (wire-compat 4.5): each begins with its first page, idles between pages and ends after a while without. */
import type { Clock } from "@ais/base/clock.ts";
import { type JobRecord, type JobShare, NO_STATS, NOTHING_AHEAD } from "@ais/cluster/jobs/job-record.ts";
import type { LiveShare } from "@ais/node/jobs/job-runner.ts";
import type { Bck } from "@ais/wire/bck.ts";
import { USER_ABORT } from "@ais/wire/jobs/job-snap.ts";

/** Without a page for so long a listing has ended (`lso.idle_time` of AIStore). */
const IDLE_MS = 20_000;
/** Listings remembered, the ended ones among them; the oldest go first. */
const LISTINGS_MAX = 256;

interface Listing {
  readonly record: JobRecord;
  readonly startedNs: bigint;
  lastNs: bigint;
  objects: number;
  /** When somebody aborted it; null when nobody has. */
  stoppedNs: bigint | null;
}

export interface ListingJob extends LiveShare {
  readonly record: JobRecord;
}

export class ListingJobs {
  readonly #nodeId: string;
  readonly #clock: Clock;
  readonly #listings = new Map<string, Listing>();

  constructor(nodeId: string, clock: Clock) {
    this.#nodeId = nodeId;
    this.#clock = clock;
  }

  /** A page went out. */
  page(id: string, bucket: Bck, bid: string, objectCount: number): void {
    const nowNs = this.#clock.nowNs();
    const known = this.#listings.get(id);
    const listing = known ?? {
      record: this.#record(id, bucket, bid, nowNs),
      startedNs: nowNs,
      lastNs: nowNs,
      objects: 0,
      stoppedNs: null,
    };
    // Whoever goes on with it has not given it up.
    listing.stoppedNs = null;
    listing.lastNs = nowNs;
    listing.objects += objectCount;
    // Set again, so that the map stays in the order of use.
    this.#listings.delete(id);
    this.#listings.set(id, listing);
    for (const oldest of this.#listings.keys()) {
      if (this.#listings.size <= LISTINGS_MAX) break;
      this.#listings.delete(oldest);
    }
  }

  /** False when there is none under way here. The client that lists may still go on, which begins it again. */
  stop(id: string): boolean {
    const nowNs = this.#clock.nowNs();
    const listing = this.#listings.get(id);
    if (listing === undefined || this.#view(listing, nowNs).record.end !== null) return false;
    listing.stoppedNs = nowNs;
    return true;
  }

  list(): readonly ListingJob[] {
    const nowNs = this.#clock.nowNs();
    return [...this.#listings.values()].map((listing) => this.#view(listing, nowNs));
  }

  #view({ record, startedNs, lastNs, objects, stoppedNs }: Listing, nowNs: bigint): ListingJob {
    const endNs = stoppedNs ?? lastNs + BigInt(IDLE_MS) * 1_000_000n;
    const aborted = stoppedNs !== null;
    const hasEnded = nowNs >= endNs;
    const share: JobShare = {
      nodeId: this.#nodeId,
      state: aborted ? "aborted" : "idle",
      startedNs: startedNs.toString(),
      endedNs: hasEnded ? endNs.toString() : "0",
      runs: 1,
      stats: { ...NO_STATS, objects },
      ahead: NOTHING_AHEAD,
      cursor: "",
      waitingFor: "",
      error: "",
      result: null,
    };
    const end = hasEnded ? { timeNs: endNs.toString(), aborted, error: aborted ? USER_ABORT : "" } : null;
    return { id: record.id, record: { ...record, end }, share };
  }

  #record(id: string, bucket: Bck, bid: string, nowNs: bigint): JobRecord {
    return {
      id,
      kind: "list",
      from: { bucket, bid },
      to: null,
      description: "",
      args: null,
      startedNs: nowNs.toString(),
      startedBy: "",
      trace: null,
      targets: [this.#nodeId],
      stop: null,
      end: null,
    };
  }
}
