/**
 * Watches the space of a target: says in the log when it gets low and when it is back, and starts a `cleanup-store` job of
 * this target alone when a mountpath is used beyond `space.cleanupwm`. Not in a storm: never two at a time, and the next
 * only after `RESTART_MS`, or when use has risen again from below the watermark.
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
/** As AIStore's own. */
const RESTART_MS = 10 * 60_000;
const CLEANUP_KIND = "cleanup-store";

export interface SpaceKeeperOptions {
  readonly guard: Pick<SpaceGuard, "state">;
  readonly jobs: Pick<JobDirectory, "list" | "create">;
  readonly nodeId: string;
  readonly logger: NodeLogger;
  readonly clock: Clock;
  readonly tickMs?: number;
}

export function startSpaceKeeper(options: SpaceKeeperOptions): AsyncDisposable {
  const { guard, logger, clock, tickMs = TICK_MS } = options;
  let level: SpaceLevel = "ok";
  let startedAtMs = Number.NEGATIVE_INFINITY;
  const task = new SerialTask(
    async () => {
      const state = guard.state();
      if (state.level !== level) report(logger, level, state);
      level = state.level;
      if (level === "ok") startedAtMs = Number.NEGATIVE_INFINITY;
      const isDue = level !== "ok" && clock.monotonicMs() - startedAtMs >= RESTART_MS;
      if (!isDue || hasOpenCleanup(options)) return;
      await startCleanup(options, state);
      startedAtMs = clock.monotonicMs();
    },
    (error) => logger.log("warn", "failed to start a cleanup", { error: errorText(error) }),
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
  const fields = { level, before, mountpath: fullest, used_percent: Math.ceil(usedPercent) };
  if (level === "full" || level === "low") logger.log("warn", alert, fields);
  else logger.log("info", "the use of space has changed", fields);
}

function hasOpenCleanup({ jobs, nodeId }: SpaceKeeperOptions): boolean {
  return jobs
    .list()
    .some(
      ({ record }) => record.kind === CLEANUP_KIND && record.end === null && record.targets.includes(nodeId),
    );
}

/** The primary ends it, as any job. */
async function startCleanup(
  { jobs, nodeId, clock, logger }: SpaceKeeperOptions,
  { usedPercent, fullest }: SpaceState,
): Promise<void> {
  const description = `${Math.ceil(usedPercent)}% of "${fullest}" is used`;
  const record: JobRecord = {
    id: newJobId(),
    kind: CLEANUP_KIND,
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
  logger.log("info", "started a job", { job: record.id, kind: CLEANUP_KIND, what: description });
}
