import { AisApiError } from "@ais/client/api-error.ts";
import { bucketCname } from "@ais/wire/bck.ts";
import type { Command } from "commander";
import type { Runtime } from "../context.ts";
import { nestedFromPairs, parsePairs } from "../pairs.ts";
import { parseBucketUri } from "../uri.ts";

interface Options {
  readonly props?: string;
  readonly ignoreError?: boolean;
}

export function bucketCreateCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("create")
    .summary("create buckets")
    .description("Create ais buckets.")
    .argument("<bucket...>", "such as ais://nnn")
    .option("--props <properties>", 'bucket properties: "key=value key=value ..." or JSON')
    .option("--ignore-error", "a bucket that exists already is no failure");
  return runtime.handle<Options>(command, async (context, [buckets], options) => {
    const props =
      options.props === undefined ? null : nestedFromPairs(parsePairs(options.props.split(/\s+/)));
    for (const argument of buckets ?? []) {
      const bucket = parseBucketUri(argument);
      const name = bucketCname(bucket);
      try {
        await context.client.buckets.create(bucket, props);
      } catch (error) {
        if (!(error instanceof AisApiError) || error.status !== 409) throw error;
        if (options.ignoreError !== true)
          throw new Error(`bucket "${name}" already exists`, { cause: error });
        context.print(`Bucket "${name}" already exists`);
        continue;
      }
      if (context.settings.json) context.printJson(bucket);
      else context.print(`"${name}" created`);
    }
  });
}
