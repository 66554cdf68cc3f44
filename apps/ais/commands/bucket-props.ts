import type { JsonObject } from "@ais/client/json-view.ts";
import { ACCESS_ALL } from "@ais/wire/access.ts";
import { type Bck, bucketCname } from "@ais/wire/bck.ts";
import type { Command } from "commander";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { flatten, nestedFromPairs, parsePairs } from "../pairs.ts";
import { parseBucketUri } from "../uri.ts";

export function bucketPropsShowCommand(runtime: Runtime, parent: Command, name: string): Command {
  const command = parent
    .command(name, { isDefault: parent.name() === "props" })
    .summary("show bucket properties")
    .description("Show the properties of a bucket, or one section of them.")
    .argument("<bucket>", "such as ais://nnn")
    .argument("[section]", "such as checksum, mirror, write_policy");
  return runtime.handle(command, async (context, [bucketArgument, section]) => {
    const bucket = parseBucketUri(String(bucketArgument));
    const props = await context.client.buckets.props(bucket);
    showProps(context, props, section === undefined ? "" : String(section));
  });
}

export function bucketPropsSetCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("set")
    .summary("change bucket properties")
    .argument("<bucket>", "such as ais://nnn")
    .argument("<property...>", "key=value ..., or JSON");
  return runtime.handle(command, async (context, [bucketArgument, words]) => {
    const bucket = parseBucketUri(String(bucketArgument));
    const pairs = parsePairs(Array.isArray(words) ? words : []);
    const before = await context.client.buckets.props(bucket);
    await context.client.buckets.setProps(bucket, nestedFromPairs(pairs));
    showChange(context, bucket, before, await context.client.buckets.props(bucket));
  });
}

interface LruOptions {
  readonly enable?: boolean;
  readonly disable?: boolean;
}

export function bucketLruCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("lru")
    .summary("show whether objects of a bucket are evicted when space is low, or change it")
    .argument("<bucket>", "such as ais://nnn")
    .option("--enable", "the bucket is a cache: what was not used for longest may be evicted")
    .option("--disable", "evict nothing");
  return runtime.handle<LruOptions>(command, async (context, [bucketArgument], { enable, disable }) => {
    if (enable === true && disable === true)
      throw new UsageError("--enable and --disable exclude each other");
    const bucket = parseBucketUri(String(bucketArgument));
    const before = await context.client.buckets.props(bucket);
    if (enable !== true && disable !== true) {
      showProps(context, before, "lru");
      return;
    }
    await context.client.buckets.setProps(bucket, { lru: { enabled: enable === true } });
    showChange(context, bucket, before, await context.client.buckets.props(bucket));
  });
}

export function bucketPropsResetCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("reset")
    .summary("reset bucket properties to the cluster's defaults")
    .argument("<bucket>", "such as ais://nnn");
  return runtime.handle(command, async (context, [bucketArgument]) => {
    const bucket = parseBucketUri(String(bucketArgument));
    await context.client.buckets.resetProps(bucket);
    if (context.settings.json) context.printJson(await context.client.buckets.props(bucket));
    else context.print("Bucket props successfully reset to cluster defaults");
  });
}

function showProps(context: CommandContext, props: JsonObject, section: string): void {
  if (section !== "" && props[section] === undefined) {
    const known = Object.keys(props).sort().join(", ");
    throw new UsageError(`no section "${section}" among the bucket properties, expecting one of: ${known}`);
  }
  if (context.settings.json) {
    context.printJson(section === "" ? props : props[section]);
    return;
  }
  const shown = section === "" ? props : { [section]: props[section] };
  const pairs = flatten(shown).map(([name, value]): [string, string] => [name, humanValue(name, value)]);
  context.printProperties(pairs.sort(([left], [right]) => (left < right ? -1 : 1)));
}

function showChange(context: CommandContext, bucket: Bck, before: JsonObject, after: JsonObject): void {
  if (context.settings.json) {
    context.printJson(after);
    return;
  }
  const old = new Map(flatten(before));
  const changed = flatten(after).filter(([name, value]) => old.get(name) !== value);
  if (changed.length === 0) {
    context.print(`Bucket "${bucketCname(bucket)}" already has the same values of props, nothing to do`);
    return;
  }
  for (const [name, value] of changed) {
    context.print(`"${name}" set to: "${value}" (was: "${old.get(name) ?? "n/a"}")`);
  }
  context.print("\nBucket props successfully updated.");
}

function humanValue(name: string, value: string): string {
  if (name === "created" && /^\d+$/.test(value))
    return new Date(Number(BigInt(value) / 1_000_000n)).toISOString();
  if (name === "access" && value === ACCESS_ALL) return "all";
  return value;
}
