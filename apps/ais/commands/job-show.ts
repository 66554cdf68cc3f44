/** `ais show job`: what runs, what has run, and one job target by target. */

import { formatDurationMs } from "@ais/base/units.ts";
import { isNotFound } from "@ais/client/api-error.ts";
import type { JobSnap } from "@ais/client/job-api.ts";
import { findJobKind, jobEntry } from "@ais/wire/jobs/job-kinds.ts";
import type { Command } from "commander";
import type { CommandContext, Runtime } from "../context.ts";
import { JOB_WORDS_HELP, type JobWords, parseJobWords, selectedSnaps } from "../jobs/job-words.ts";
import { parseRowFilter, type RowFilter } from "../jobs/row-filter.ts";
import { parsePositiveCount, parseRegexValue } from "../option-values.ts";
import { formatSize, type Units } from "../output/units.ts";
import { type RefreshOptions, showRepeatedly, withRefreshOptions } from "../refresh.ts";

interface Options extends RefreshOptions {
  readonly all?: boolean;
  readonly regex?: RegExp;
  readonly top?: number;
  readonly dateTime?: boolean;
  readonly filter?: RowFilter;
}

const COLUMNS = ["KIND", "BUCKET", "OBJECTS", "BYTES", "START", "TIME", "STATE"];

export function jobShowCommand(runtime: Runtime, parent: Command, name: string): Command {
  const command = parent
    .command(name)
    .summary("show jobs")
    .description(
      "Show running jobs; with --all also those that have ended; with an id one job target by target.",
    )
    .argument("[job...]", JOB_WORDS_HELP)
    .option("--all", "jobs that have ended as well")
    .option("--regex <pattern>", "jobs whose kind, name or description matches", parseRegexValue)
    .option(
      "--filter <filter>",
      "COLUMN=PATTERN: rows whose NODE, ID, KIND, BUCKET or STATE matches, such as STATE=Running",
      parseRowFilter,
    )
    .option("--top <number>", "the newest so many", parsePositiveCount)
    .option("--date-time", "dates beside times");
  withRefreshOptions(command);
  return runtime.handle<Options>(command, async (context, [job], options) => {
    const words = await parseJobWords(context, [job ?? []].flat());
    const showOnce = words.id === "" ? showMany : showOne;
    await showRepeatedly(context, options, () => showOnce(context, words, options));
  });
}

async function showMany(context: CommandContext, words: JobWords, options: Options): Promise<void> {
  const running = options.all !== true;
  const { regex, filter, top = Number.POSITIVE_INFINITY } = options;
  const matching = (await selectedSnaps(context, words, running)).filter(
    (snap) =>
      (regex === undefined || namesOf(snap).some((name) => regex.test(name))) && isOfNode(filter, snap),
  );
  const jobs = byJob(matching)
    .filter((snaps) => isWanted(filter, snaps))
    .slice(-top);
  if (context.settings.json) return context.printJson(jobs.flat());
  if (jobs.length === 0) {
    const what = `${running ? "No running jobs" : "No jobs"}${filter === undefined ? "" : ` match ${filter.text}`}`;
    return context.print(running ? `${what} (see --all)` : what);
  }
  const columns = ["JOB ID", ...COLUMNS].map((name) => ({ name }));
  context.printTable(
    columns,
    jobs.map((snaps) => jobRow(snaps, options, context.settings.units)),
  );
}

function namesOf({ kind, message }: JobSnap): readonly string[] {
  const known = findJobKind(kind);
  return [kind, known === null ? "" : jobEntry(known).displayName, message];
}

async function showOne(context: CommandContext, words: JobWords, options: Options): Promise<void> {
  const { id } = words;
  let snaps: readonly JobSnap[];
  try {
    snaps = await selectedSnaps(context, words, false);
  } catch (error) {
    if (isNotFound(error)) throw new Error(`job "${id}" does not exist`, { cause: error });
    throw error;
  }
  const { filter } = options;
  snaps = snaps.filter((snap) => isOfNode(filter, snap) && isWanted(filter, [snap]));
  if (context.settings.json) return context.printJson(snaps);
  if (snaps.length === 0 && filter !== undefined)
    return context.print(`No rows of job "${id}" match ${filter.text}`);
  context.printTable(
    ["NODE", ...COLUMNS].map((name) => ({ name })),
    snaps.map((snap) => [`t[${snap.targetId}]`, ...jobRow([snap], options, context.settings.units).slice(1)]),
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

/** A filter by node leaves its share of each job; the others are about jobs as a whole. */
function isOfNode(filter: RowFilter | undefined, { targetId }: JobSnap): boolean {
  return filter?.column !== "NODE" || filter.pattern.test(targetId);
}

function isWanted(filter: RowFilter | undefined, snaps: readonly JobSnap[]): boolean {
  const [first] = snaps;
  if (filter === undefined || filter.column === "NODE" || first === undefined) return true;
  const texts = {
    ID: [first.id],
    KIND: namesOf(first).slice(0, 2),
    // As shown, and as AIStore compares it; jobs are of ais buckets only.
    BUCKET: [first.bucket, first.destination].flatMap((name) => (name === "" ? [] : [name, `ais://${name}`])),
    STATE: [stateOf(snaps)],
  }[filter.column];
  return texts.some((text) => filter.pattern.test(text));
}

function jobRow(snaps: readonly JobSnap[], { dateTime }: Options, units: Units): readonly string[] {
  const [first] = snaps;
  if (first === undefined) return [];
  const start = startOf(snaps);
  const hasEnded = haveEnded(snaps);
  const end = snaps.reduce((last, { endTime }) => (endTime > last ? endTime : last), "");
  const endMs = hasEnded ? Date.parse(end) : Date.now();
  return [
    first.id,
    first.kind,
    first.destination === "" ? first.bucket || "-" : `${first.bucket} => ${first.destination}`,
    String(snaps.reduce((sum, { objects }) => sum + objects, 0)),
    formatSize(
      snaps.reduce((sum, { bytes }) => sum + bytes, 0),
      units,
    ),
    dateTime === true ? start.slice(0, 19).replace("T", " ") : start.slice(11, 19),
    formatDurationMs(Math.max(0, Math.round((endMs - Date.parse(start)) / 10) * 10)),
    stateOf(snaps),
  ];
}

function haveEnded(snaps: readonly JobSnap[]): boolean {
  return snaps.every(({ endTime }) => endTime !== "");
}

function stateOf(snaps: readonly JobSnap[]): string {
  if (snaps.some(({ isAborted }) => isAborted)) return "Aborted";
  if (haveEnded(snaps)) return snaps.some(({ error }) => error !== "") ? "Finished with errors" : "Finished";
  return snaps.every(({ isIdle }) => isIdle) ? "Idle" : "Running";
}
