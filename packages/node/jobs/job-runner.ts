/** Works on this node's shares of the cluster's jobs: those that come, and those that an earlier process left unfinished. */
import { errorText } from "@ais/base/errors.ts";
import { isShareOver, type JobShare, type JobStats } from "@ais/cluster/jobs/job-record.ts";
import { type Arrivals, JobShareRun, type ShareRunOptions } from "./job-share-run.ts";

/** Jobs that a node works on at a time; others wait for their turn in order of their start. */
const ACTIVE_JOBS_MAX = 8;

/** Late arrivals are written together after this. */
const BOOKING_DELAY_MS = 200;
const UNBOOKED_JOBS_MAX = 64;

export interface LiveShare {
  readonly id: string;
  readonly share: JobShare;
}

export interface JobRunner extends AsyncDisposable {
  /** Shares under way, newer than what the coordinator has. */
  live(): readonly LiveShare[];
  /** Counts an object that another target sent for a job. */
  received(id: string, bytes: number): void;
}

export function startJobRunner(options: ShareRunOptions): JobRunner {
  const { jobs, nodeId, logger } = options;
  const active = new Map<string, JobShareRun>();
  /** Arrived before this node knew of the job, or after its own share was over. */
  const unbooked = new Map<string, Arrivals>();
  let booking: ReturnType<typeof setTimeout> | null = null;
  let stopped = false;

  const look = (id: string): void => {
    const entry = jobs.get(id);
    const run = active.get(id);
    if (entry === null || stopped) return;
    const { record, shares } = entry;
    if (run !== undefined) {
      if (record.stop !== null) run.stop(record.stop.reason);
      else if (record.end !== null) run.stop("the job has ended");
      return;
    }
    const earlier = shares.get(nodeId) ?? null;
    if (record.end !== null || !record.targets.includes(nodeId)) return;
    if (earlier !== null && isShareOver(record, earlier)) return;
    if (active.size >= ACTIVE_JOBS_MAX) return;
    begin(id, earlier);
  };

  const begin = (id: string, earlier: JobShare | null): void => {
    const entry = jobs.get(id);
    if (entry === null) return;
    const run = new JobShareRun(options, entry.record, earlier);
    active.set(id, run);
    const early = unbooked.get(id);
    if (early !== undefined) run.received(early.objects, early.bytes);
    unbooked.delete(id);
    if (entry.record.stop !== null) run.stop(entry.record.stop.reason);
    void run
      .start()
      .catch((error) => logger.log("error", "a job's share failed", { job: id, error: errorText(error) }))
      .finally(() => {
        active.delete(id);
        if (!stopped && run.late.objects > 0) arrived(id, run.late);
        for (const { record } of stopped ? [] : jobs.list()) if (record.end === null) look(record.id);
      });
  };

  const arrived = (id: string, { objects, bytes }: Arrivals): void => {
    const before = unbooked.get(id) ?? { objects: 0, bytes: 0 };
    if (unbooked.size < UNBOOKED_JOBS_MAX || before.objects > 0)
      unbooked.set(id, { objects: before.objects + objects, bytes: before.bytes + bytes });
    bookLater();
  };

  const bookLater = (): void => {
    booking ??= setTimeout(() => void book(), BOOKING_DELAY_MS);
  };

  const endedShare = (id: string): JobShare | undefined =>
    active.has(id) ? undefined : jobs.get(id)?.shares.get(nodeId);

  /** Adds late arrivals to the share as it was left. They are figures for people: a failure to write them costs no object. */
  const book = async (): Promise<void> => {
    for (const [id, arrivals] of [...unbooked]) {
      const share = endedShare(id);
      if (share === undefined) continue;
      unbooked.delete(id);
      const stats = withArrivals(share.stats, arrivals);
      await jobs.putShare(id, { ...share, stats }).catch(() => undefined);
    }
    // One at a time: two would add to the same figures.
    booking = null;
    if (!stopped && [...unbooked.keys()].some(endedShare)) bookLater();
  };

  const unsubscribe = jobs.onChange(look);
  for (const { record } of jobs.list()) look(record.id);
  return {
    live: () => [...active].map(([id, run]) => ({ id, share: run.share })),
    received(id, bytes) {
      const run = active.get(id);
      if (run !== undefined) return run.received(1, bytes);
      arrived(id, { objects: 1, bytes });
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      unsubscribe();
      if (booking !== null) clearTimeout(booking);
      for (const run of active.values()) run.suspend();
      await Promise.all([...active.values()].map((run) => run.done));
    },
  };
}

function withArrivals(stats: JobStats, { objects, bytes }: Arrivals): JobStats {
  return {
    ...stats,
    receivedObjects: stats.receivedObjects + objects,
    receivedBytes: stats.receivedBytes + bytes,
  };
}
