import { bucketCname } from "@ais/wire/bck.ts";
import type { Command } from "commander";
import type { Runtime } from "../context.ts";
import { doneText, followJob } from "../jobs/follow-job.ts";
import { parseBucketUri } from "../uri.ts";

interface Options {
  readonly wait?: boolean;
  readonly progress?: boolean;
}

export function bucketMoveCommand(runtime: Runtime, parent: Command, name: string): Command {
  const command = parent
    .command(name)
    .summary("rename a bucket")
    .description("Rename a bucket. Until that is done both exist, and the old one takes no changes.")
    .argument("<bucket>", "such as ais://old")
    .argument("<new-name>", "such as ais://new")
    .option("--wait", "wait for the end")
    .option("--progress", "wait for the end, with a progress bar");
  return runtime.handle<Options>(command, async (context, [source, destination], options) => {
    const from = parseBucketUri(String(source));
    const to = parseBucketUri(String(destination));
    const { jobs } = context.client;
    const waits = options.wait === true || options.progress === true;
    const totalObjects = waits ? (await jobs.summary(from)).objectCount : null;
    const id = await jobs.moveBucket(from, to);
    const what = `${bucketCname(from)} => ${bucketCname(to)}`;
    if (!waits) {
      if (context.settings.json) context.printJson({ job: id });
      else context.print(`Renaming ${what}. To monitor the progress, run 'ais show job ${id}'`);
      return;
    }
    const result = await followJob(context, { id, verb: "Moved", totalObjects });
    if (context.settings.json) context.printJson({ job: id, objects: result.objects, bytes: result.bytes });
    else context.print(`Renamed ${what}: ${doneText(result, context.settings.units)}`);
  });
}
