/** Waits for a job and shows how far it is: a bar on a terminal where the whole is known, a count where it is not. */
import { formatDurationMs } from "@ais/base/units.ts";
import type { JobStatus } from "@ais/client/job-api.ts";
import type { CommandContext } from "../context.ts";
import { startProgress } from "../output/progress.ts";
import { counted, formatSize, type Units } from "../output/units.ts";

export interface FollowedJob {
  readonly id: string;
  /** `Copied`, `Deleted`. */
  readonly verb: string;
  /** Null when it cannot be known. */
  readonly totalObjects: number | null;
  /** Milliseconds. */
  readonly timeoutMs?: number | undefined;
}

export interface FollowResult {
  readonly status: JobStatus;
  readonly objects: number;
  readonly bytes: number;
}

/** Resolves when the job has ended or idles; throws when it failed or was aborted. */
export async function followJob(context: CommandContext, job: FollowedJob): Promise<FollowResult> {
  const { client, io } = context;
  const show = await startShowing(context, job);
  let objects = 0;
  let bytes = 0;
  const look = async (): Promise<void> => {
    const snaps = await client.jobs.snaps({ id: job.id });
    const done = snaps.reduce((sum, snap) => sum + snap.objects, 0);
    show.advance(done - objects);
    objects = done;
    bytes = snaps.reduce((sum, snap) => sum + snap.bytes, 0);
  };
  let status: JobStatus;
  try {
    status = await client.jobs.wait(job.id, look, waitSignal(io.signal, job));
    // What was done after the last look.
    await look();
  } finally {
    show.stop();
  }
  if (status.isAborted)
    throw new Error(`job ${status.kind}[${job.id}] was aborted: ${status.error || "no reason given"}`);
  const failure =
    status.error ||
    ((await client.jobs.snaps({ id: job.id })).find(({ error }) => error !== "")?.error ?? "");
  if (failure !== "") throw new Error(`job ${status.kind}[${job.id}] failed in part: ${failure}`);
  return { status, objects, bytes };
}

function waitSignal(interrupted: AbortSignal, { id, timeoutMs }: FollowedJob): AbortSignal {
  if (timeoutMs === undefined) return interrupted;
  const late = new AbortController();
  const error = new Error(`job ${id} has not ended within ${formatDurationMs(timeoutMs)}, and goes on`);
  setTimeout(() => late.abort(error), timeoutMs).unref();
  return AbortSignal.any([interrupted, late.signal]);
}

/** Waits for whatever job it is, and says what it has done. */
export async function waitForJob(context: CommandContext, id: string, timeoutMs?: number): Promise<void> {
  const result = await followJob(context, { id, verb: "Done", totalObjects: null, timeoutMs });
  if (context.settings.json) context.printJson({ job: id, objects: result.objects, bytes: result.bytes });
  else context.print(`${result.status.kind}[${id}] done: ${doneText(result, context.settings.units)}`);
}

export function doneText({ objects, bytes }: FollowResult, units: Units): string {
  return `${counted(objects, "object")} (${formatSize(bytes, units)})`;
}

interface Showing {
  advance(objects: number): void;
  stop(): void;
}

/** Nothing at all where nobody watches. */
async function startShowing({ io }: CommandContext, { verb, totalObjects }: FollowedJob): Promise<Showing> {
  if (!io.stderrIsTerminal) return { advance() {}, stop() {} };
  if (totalObjects !== null) {
    const bar = await startProgress(io, { verb, items: totalObjects, totalBytes: 0, forced: true });
    return {
      advance(objects) {
        for (let count = 0; count < objects; count++) bar.item();
      },
      stop: () => bar.stop(),
    };
  }
  let shown = 0;
  return {
    advance(objects) {
      shown += objects;
      io.err(`\r${verb} ${counted(shown, "object")}`);
    },
    stop: () => io.err("\r\u001b[K"),
  };
}
