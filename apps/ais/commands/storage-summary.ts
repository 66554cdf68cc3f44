/** `ais storage summary`: numbers and sizes of objects, bucket by bucket. */
import type { Command } from "commander";
import type { Runtime } from "../context.ts";
import { parseBucketUri } from "../uri.ts";
import { listSummaries } from "./list-buckets.ts";

interface Options {
  readonly prefix?: string;
}

export function storageSummaryCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("summary")
    .summary("show numbers and sizes of objects in buckets")
    .argument("[bucket]", "such as ais://nnn; all buckets when left out")
    .option("--prefix <text>", "objects whose names begin with this");
  return runtime.handle<Options>(command, async (context, [bucket], options) => {
    const buckets =
      bucket === undefined ? await context.client.buckets.list() : [parseBucketUri(String(bucket))];
    await listSummaries(context, buckets, options.prefix ?? "");
  });
}
