/** `ais stop`, `ais wait`. */
import type { Command } from "commander";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { waitForJob } from "../jobs/follow-job.ts";
import {
  JOB_WORDS_HELP,
  type JobWords,
  parseJobWords,
  selectedSnaps,
  selectionText,
} from "../jobs/job-words.ts";
import { parseIntervalValue } from "../refresh.ts";

interface StopOptions {
  readonly all?: boolean;
  readonly force?: boolean;
}

export function jobStopCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("stop")
    .summary("stop jobs")
    .argument("[job...]", JOB_WORDS_HELP)
    .option("--all", "every running job")
    .option("-f, --force", "also a rebalance that a node waits for");
  return runtime.handle<StopOptions>(command, async (context, [job], options) => {
    const words = await parseJobWords(context, [job ?? []].flat());
    const isAll = options.all === true;
    if (isAll === (words.text !== "")) throw new UsageError("expecting a job or a kind of jobs, or --all");
    if (words.nodeId !== "") throw new UsageError("a job is stopped on all of its nodes");
    const stopped = await stop(context, words, isAll, options.force === true);
    if (context.settings.json) return context.printJson({ stopped });
    if (words.id !== "") return context.print(`Stopped job ${words.id}`);
    const what = isAll ? "" : ` ${selectionText(words)}`;
    context.print(`Stopped all running${what} jobs`);
  });
}

/** Ids, or kinds where every job of them was meant. */
async function stop(
  context: CommandContext,
  words: JobWords,
  isAll: boolean,
  force: boolean,
): Promise<readonly string[]> {
  const { jobs } = context.client;
  const { id, kinds, bucket } = words;
  if (id !== "") {
    await jobs.stop({ id }, force);
    return [id];
  }
  if (kinds.length > 0) {
    for (const kind of kinds) await jobs.stop({ kind, ...(bucket === null ? {} : { bucket }) }, force);
    return kinds;
  }
  const running = [...new Set((await selectedSnaps(context, words, true)).map((snap) => snap.id))];
  const question = `Stop ${running.length} running jobs?`;
  if (isAll && running.length > 0) await context.requireYes(question);
  for (const each of running) await jobs.stop({ id: each }, force);
  return running;
}

export function jobWaitCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("wait")
    .summary("wait for jobs to end")
    .argument("<job...>", JOB_WORDS_HELP)
    .option("--timeout <time>", "wait at most this long, such as 5m", parseIntervalValue);
  return runtime.handle<{ readonly timeout?: number }>(command, async (context, [job], { timeout }) => {
    const words = await parseJobWords(context, [job ?? []].flat());
    if (words.nodeId !== "") throw new UsageError("a job is waited for on all of its nodes");
    if (words.id !== "") return waitForJob(context, words.id, timeout);
    const running = [...new Set((await selectedSnaps(context, words, true)).map(({ id }) => id))];
    if (running.length === 0) {
      if (context.settings.json) context.printJson({ jobs: [] });
      else context.print(`No running ${selectionText(words)} jobs`);
      return;
    }
    for (const id of running) await waitForJob(context, id, timeout);
  });
}
