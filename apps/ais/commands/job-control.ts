/** `ais start`, `ais stop`, `ais wait`. */
import { bucketCname } from "@ais/wire/bck.ts";
import { findJobKind, jobEntry } from "@ais/wire/jobs/job-kinds.ts";
import type { Command } from "commander";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { doneText, followJob } from "../jobs/follow-job.ts";
import { parseBucketUri } from "../uri.ts";

export function jobStartCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("start")
    .summary("start a job")
    .argument("<kind>", "rebalance, lru or cleanup")
    .argument("[bucket]", "such as ais://nnn; all buckets when left out")
    .option("--wait", "wait for the end");
  return runtime.handle<{ readonly wait?: boolean }>(
    command,
    async (context, [name, bucketArgument], options) => {
      const kind = findJobKind(String(name));
      if (kind === null || jobEntry(kind).startable !== true)
        throw new UsageError(
          `"${name}" is no kind of job that can be started, expecting rebalance, lru or cleanup`,
        );
      const bucket = bucketArgument === undefined ? undefined : parseBucketUri(String(bucketArgument));
      const id = await context.client.jobs.start(kind, bucket);
      const what = bucket === undefined ? "" : ` of ${bucketCname(bucket)}`;
      if (options.wait === true) return waitFor(context, id);
      if (context.settings.json) context.printJson({ job: id });
      else context.print(`Started ${kind}[${id}]${what}. To monitor the progress, run 'ais show job ${id}'`);
    },
  );
}

export function jobStopCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("stop")
    .summary("stop jobs")
    .argument("<job>", "id, or kind: every running job of it");
  return runtime.handle(command, async (context, [job]) => {
    const name = String(job);
    const kind = findJobKind(name);
    await context.client.jobs.stop(kind === null ? { id: name } : { kind });
    if (context.settings.json) context.printJson({ stopped: name });
    else context.print(kind === null ? `Stopped job ${name}` : `Stopped all running ${kind} jobs`);
  });
}

export function jobWaitCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("wait")
    .summary("wait for jobs to end")
    .argument("<job>", "id, or kind: every running job of it");
  return runtime.handle(command, async (context, [job]) => {
    const kind = findJobKind(String(job));
    if (kind === null) return waitFor(context, String(job));
    const running = await context.client.jobs.statuses({ kind, onlyRunning: true });
    if (running.length === 0) return context.print(`No running ${kind} jobs`);
    for (const { id } of running) await waitFor(context, id);
  });
}

async function waitFor(context: CommandContext, id: string): Promise<void> {
  const result = await followJob(context, { id, verb: "Done", totalObjects: null });
  if (context.settings.json) context.printJson({ job: id, objects: result.objects, bytes: result.bytes });
  else context.print(`${result.status.kind}[${id}] done: ${doneText(result)}`);
}
