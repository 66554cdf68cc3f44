/** `ais ls`: buckets, objects by prefix, or one object. */
import { isNotFound } from "@ais/client/api-error.ts";
import type { Bck } from "@ais/wire/bck.ts";
import type { Command } from "commander";
import type { CommandContext, Runtime } from "../context.ts";
import { TEMPLATE_HELP } from "../jobs/selection-options.ts";
import { parseCount, parseNamePattern } from "../option-values.ts";
import { parseUri } from "../uri.ts";
import { listBuckets } from "./list-buckets.ts";
import { listObjects } from "./list-objects.ts";
import { showObject } from "./object-show.ts";

export interface ListOptions {
  readonly prefix?: string;
  readonly props?: string;
  readonly limit?: number;
  readonly pageSize?: number;
  readonly nonRecursive?: boolean;
  readonly all?: boolean;
  readonly summary?: boolean;
  readonly nameOnly?: boolean;
  readonly startAfter?: string;
  readonly countOnly?: boolean;
  readonly regex?: RegExp;
  readonly template?: string;
  readonly paged?: boolean;
}

export function listCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("ls")
    .summary("list buckets, objects in buckets, and objects by prefix")
    .description("List buckets, objects in a bucket, or objects whose names begin with a prefix.")
    .argument("[bucket]", "BUCKET[/PREFIX], or a provider such as ais:")
    .option("--prefix <text>", "objects whose names begin with this")
    .option("--props <names>", "comma-separated: name, size, checksum, atime, version, location, ...; or all")
    .option("--limit <count>", "at most this many objects", parseCount)
    .option("--page-size <count>", "objects in one request; 0 for the default", parseCount)
    .option(
      "--non-recursive",
      "names directly under the prefix, with directories (also --nr, --no-recursion)",
    )
    .option("--all", "misplaced objects and copies, and remote buckets that are not in the cluster yet")
    .option("--summary", "numbers and sizes of objects in each bucket")
    .option("--name-only", "names only, which is faster")
    .option("--count-only", "only how many there are")
    .option("--start-after <name>", "objects after this name")
    .option("--regex <pattern>", "buckets or objects whose names match", parseNamePattern)
    .option("--template <template>", TEMPLATE_HELP)
    .option("--paged", "print page after page, for large buckets");
  return runtime.handle<ListOptions>(command, async (context, [argument], options) => {
    const { bucket, objectName } = parseUri(argument === undefined ? "ais://" : String(argument));
    if (bucket.name === "")
      return listBuckets(
        context,
        argument === undefined ? undefined : bucket.provider,
        options,
        undefined,
        bucket.namespace,
      );
    if (options.summary === true) return listBuckets(context, bucket.provider, options, bucket);
    if (objectName === "" || options.template !== undefined)
      return listObjects(context, bucket, objectName || (options.prefix ?? ""), options);
    await listByName(context, bucket, objectName, options);
  });
}

/** The name may be of an object, or the beginning of several. */
async function listByName(
  context: CommandContext,
  bucket: Bck,
  objectName: string,
  options: ListOptions,
): Promise<void> {
  if (!objectName.endsWith("/") && options.nonRecursive !== true) {
    try {
      return await showObject(context, bucket, objectName, options.props);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  await listObjects(context, bucket, objectName, { ...options, mustMatch: true });
}
