import { AisApiError } from "@ais/client/api-error.ts";
import { type Bck, bucketCname } from "@ais/wire/bck.ts";
import type { Command } from "commander";
import type { CommandContext, Runtime } from "../context.ts";
import { parseBucketUri } from "../uri.ts";

interface Options {
  readonly ignoreError?: boolean;
}

export function bucketRemoveCommand(runtime: Runtime, parent: Command, name: string): Command {
  const command = parent
    .command(name)
    .summary("remove buckets and all objects in them")
    .description(
      "Remove ais buckets and all objects in them. Asks first when a bucket is not empty; see --yes.",
    )
    .argument("<bucket...>", "such as ais://nnn")
    .option("--ignore-error", "a bucket that does not exist is no failure");
  return runtime.handle<Options>(command, async (context, [buckets], options) => {
    for (const argument of buckets ?? []) {
      await removeBucket(context, parseBucketUri(argument), options.ignoreError === true);
    }
  });
}

async function removeBucket(context: CommandContext, bucket: Bck, ignoreMissing: boolean): Promise<void> {
  const name = bucketCname(bucket);
  try {
    const page = await context.client.objects.listPage(bucket, { pageSize: 1, nameOnly: true });
    if (page.entries.length > 0 && !(await context.confirm(`Proceed to destroy ${name}?`, false))) {
      throw new Error(`bucket "${name}" is not empty: use --yes to remove it with everything in it`);
    }
    await context.client.buckets.destroy(bucket);
  } catch (error) {
    if (!(error instanceof AisApiError) || error.status !== 404) throw error;
    const message = `bucket "${name}" does not exist`;
    if (!ignoreMissing) throw new Error(message, { cause: error });
    context.note(message);
    return;
  }
  if (context.settings.json) context.printJson(bucket);
  else context.print(`"${name}" destroyed`);
}
