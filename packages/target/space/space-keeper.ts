/**
 * Watches the space of a target: says in the log when it gets low and when it is back, and starts jobs of this target alone:
 * `cleanup-store` when a mountpath is used beyond `space.cleanupwm`, and `lru` when it is used beyond `space.highwm` after
 * that and there are buckets to evict from. Not in a storm: never two at a time, and the next of a kind only after
 * `RESTART_MS`, or when use has risen again from below its watermark.
 */

import type { Clock } from "@ais/base/clock.ts";
import { errorText } from "@ais/base/errors.ts";
import type { JobDirectory } from "@ais/cluster/jobs/job-directory.ts";
import { newJobId } from "@ais/cluster/jobs/job-id.ts";
import type { JobRecord } from "@ais/cluster/jobs/job-record.ts";
import { SerialTask } from "@ais/cluster/serial-task.ts";
import type { NodeLogger } from "@ais/node/logger.ts";
import type { SpaceGuard } from "./space-guard.ts";
import type { SpaceLevel, SpaceState } from "./space-state.ts";

const TICK_MS = 2_000;
const NEVER = Number.NEGATIVE_INFINITY;
/** As AIStore's own. */
const RESTART_MS = 10 * 60_000;

export interface SpaceKeeperOptions {
  readonly guard: Pick<SpaceGuard, "state">;
  readonly jobs: Pick<JobDirectory, "list" | "create">;
  readonly nodeId: string;
  /** There are buckets whose objects may be evicted. */
  readonly canEvict: () => boolean;
  readonly logger: NodeLogger;
  readonly clock: Clock;
  readonly tickMs?: number;
}

export function startSpaceKeeper(options: SpaceKeeperOptions): AsyncDisposable {
  const { guard, logger, clock, tickMs = TICK_MS } = options;
  let level: SpaceLevel = "ok";
  let cleanedAtMs = NEVER;
  let evictedAtMs = NEVER;
  const task = new SerialTask(
    async () => {
      const state = guard.state();
      if (state.level !== level) report(logger, level, state);
      level = state.level;
      const nowMs = clock.monotonicMs();
      const isLow = level === "low" || level === "full";
      if (level === "ok") cleanedAtMs = NEVER;
      if (!isLow) evictedAtMs = NEVER;
      if (hasOpenJob(options)) return;
      if (level !== "ok" && nowMs - cleanedAtMs >= RESTART_MS) {
        await startOwnJob("cleanup-store", options, state);
        cleanedAtMs = nowMs;
      } else if (isLow && nowMs - evictedAtMs >= RESTART_MS && options.canEvict()) {
        await startOwnJob("lru", options, state);
        evictedAtMs = nowMs;
      }
    },
    (error) => logger.log("warn", "failed to make room", { error: errorText(error) }),
  );
  const timer = setInterval(() => task.trigger(), tickMs);
  timer.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await task.stop();
    },
  };
}

function report(
  logger: NodeLogger,
  before: SpaceLevel,
  { level, usedPercent, fullest, alert }: SpaceState,
): void {
  const fields = { space: level, before, mountpath: fullest, used_percent: Math.ceil(usedPercent) };
  if (level === "full" || level === "low") logger.log("warn", alert, fields);
  else logger.log("info", "the use of space has changed", fields);
}

function hasOpenJob({ jobs, nodeId }: SpaceKeeperOptions): boolean {
  return jobs
    .list()
    .some(
      ({ record }) =>
        (record.kind === "cleanup-store" || record.kind === "lru") &&
        record.end === null &&
        record.targets.includes(nodeId),
    );
}

/** The primary ends it, as any job. */
async function startOwnJob(
  kind: "cleanup-store" | "lru",
  { jobs, nodeId, clock, logger }: SpaceKeeperOptions,
  { usedPercent, fullest }: SpaceState,
): Promise<void> {
  const description = `${Math.ceil(usedPercent)}% of "${fullest}" is used`;
  const record: JobRecord = {
    id: newJobId(),
    kind,
    from: null,
    to: null,
    description,
    args: null,
    startedNs: clock.nowNs().toString(),
    startedBy: nodeId,
    trace: null,
    targets: [nodeId],
    stop: null,
    end: null,
  };
  await jobs.create(record);
  logger.log("info", "started a job", { job: record.id, kind, what: description });
}
