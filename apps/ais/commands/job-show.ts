/** `ais show job`: what runs, what has run, and one job target by target. */

import { formatDurationMs } from "@ais/base/units.ts";
import { isNotFound } from "@ais/client/api-error.ts";
import type { JobSnap } from "@ais/client/job-api.ts";
import { findJobKind } from "@ais/wire/jobs/job-kinds.ts";
import type { Command } from "commander";
import type { CommandContext, Runtime } from "../context.ts";
import { formatSize } from "../output/units.ts";

interface Options {
  readonly all?: boolean;
}

export function jobShowCommand(runtime: Runtime, parent: Command, name: string): Command {
  const command = parent
    .command(name)
    .summary("show jobs")
    .description(
      "Show running jobs; with --all also those that have ended; with an id one job target by target.",
    )
    .argument("[job]", "id or kind, such as copy-bucket")
    .option("--all", "jobs that have ended as well");
  return runtime.handle<Options>(command, async (context, [job], options) => {
    const selected = job === undefined ? "" : String(job);
    const kind = findJobKind(selected);
    if (selected !== "" && kind === null) return showOne(context, selected);
    const running = options.all !== true;
    const snaps = await context.client.jobs.snaps({
      ...(kind === null ? {} : { kind }),
      onlyRunning: running,
    });
    if (context.settings.json) return context.printJson(snaps);
    if (snaps.length === 0) return context.print(running ? "No running jobs (see --all)" : "No jobs");
    context.printTable(
      ["JOB ID", "KIND", "BUCKET", "OBJECTS", "BYTES", "START", "TIME", "STATE"].map((column) => ({
        name: column,
      })),
      byJob(snaps).map(jobRow),
    );
  });
}

async function showOne(context: CommandContext, id: string): Promise<void> {
  let snaps: readonly JobSnap[];
  try {
    snaps = await context.client.jobs.snaps({ id });
  } catch (error) {
    if (isNotFound(error)) throw new Error(`job "${id}" does not exist`, { cause: error });
    throw error;
  }
  if (context.settings.json) return context.printJson(snaps);
  const columns = ["NODE", "KIND", "BUCKET", "OBJECTS", "BYTES", "START", "TIME", "STATE"];
  context.printTable(
    columns.map((column) => ({ name: column })),
    snaps.map((snap) => [`t[${snap.targetId}]`, ...jobRow([snap]).slice(1)]),
  );
  const messages = [...new Set(snaps.map(({ message }) => message))].filter((message) => message !== "");
  for (const message of messages) context.print(message);
  for (const snap of snaps) if (snap.error !== "") context.print(`t[${snap.targetId}]: ${snap.error}`);
}

/** The snaps of each job, oldest job first. */
function byJob(snaps: readonly JobSnap[]): readonly (readonly JobSnap[])[] {
  const jobs = new Map<string, JobSnap[]>();
  for (const snap of snaps) jobs.set(snap.id, [...(jobs.get(snap.id) ?? []), snap]);
  return [...jobs.values()].sort((left, right) => (startOf(left) < startOf(right) ? -1 : 1));
}

function startOf(snaps: readonly JobSnap[]): string {
  return snaps.reduce((first, { startTime }) => (first === "" || startTime < first ? startTime : first), "");
}

function jobRow(snaps: readonly JobSnap[]): readonly string[] {
  const [first] = snaps;
  if (first === undefined) return [];
  const start = startOf(snaps);
  const hasEnded = snaps.every(({ endTime }) => endTime !== "");
  const end = snaps.reduce((last, { endTime }) => (endTime > last ? endTime : last), "");
  const endMs = hasEnded ? Date.parse(end) : Date.now();
  return [
    first.id,
    first.kind,
    first.destination === "" ? first.bucket || "-" : `${first.bucket} => ${first.destination}`,
    String(snaps.reduce((sum, { objects }) => sum + objects, 0)),
    formatSize(snaps.reduce((sum, { bytes }) => sum + bytes, 0)),
    start.slice(11, 19),
    formatDurationMs(Math.max(0, Math.round((endMs - Date.parse(start)) / 10) * 10)),
    stateOf(snaps, hasEnded),
  ];
}

function stateOf(snaps: readonly JobSnap[], hasEnded: boolean): string {
  if (snaps.some(({ isAborted }) => isAborted)) return "Aborted";
  if (hasEnded) return snaps.some(({ error }) => error !== "") ? "Finished with errors" : "Finished";
  return snaps.every(({ isIdle }) => isIdle) ? "Idle" : "Running";
}
