import { isNotFound } from "@ais/client/api-error.ts";
import type { ObjectAttributes } from "@ais/client/object-attributes.ts";
import { type Bck, bucketCname, objectCname } from "@ais/wire/bck.ts";
import { formatCustom } from "@ais/wire/lso.ts";
import type { Command } from "commander";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { formatSize, type Units } from "../output/units.ts";
import { parseObjectArgument } from "../uri.ts";

/** What HEAD can be asked for here (wire-compat 3.5). */
const PROPS = [
  "name",
  "size",
  "checksum",
  "atime",
  "version",
  "custom",
  "location",
  "last-modified",
  "etag",
] as const;
type Prop = (typeof PROPS)[number];
const DEFAULT_PROPS: readonly Prop[] = ["name", "size", "checksum", "atime"];

interface Options {
  readonly props?: string;
  readonly all?: boolean;
}

export function objectShowCommand(runtime: Runtime, parent: Command, name: string): Command {
  const command = parent
    .command(name)
    .summary("show object properties")
    .argument("<object>", "BUCKET/OBJECT_NAME")
    .option("--props <names>", `comma-separated: ${PROPS.join(", ")}; or all`)
    .option("--all", "the same as --props all");
  return runtime.handle<Options>(command, async (context, [argument], options) => {
    if (options.all === true && options.props !== undefined)
      throw new UsageError("--all and --props exclude each other");
    const { bucket, objectName } = parseObjectArgument(String(argument));
    try {
      await showObject(context, bucket, objectName, options.all === true ? "all" : options.props);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      if (!(await context.client.buckets.exists(bucket))) {
        throw new Error(`bucket "${bucketCname(bucket)}" does not exist`, { cause: error });
      }
      throw new Error(`object "${objectName}" not found in ${bucketCname(bucket)}`, { cause: error });
    }
  });
}

/** Throws the 404 of HEAD when there is no such object. */
export async function showObject(
  context: CommandContext,
  bucket: Bck,
  objectName: string,
  propsOption: string | undefined,
): Promise<void> {
  const props = wantedProps(propsOption);
  const attributes = await context.client.objects.headProps(bucket, objectName, props);
  const units = context.settings.json ? "raw" : context.settings.units;
  const pairs = [...props]
    .sort()
    .map((prop): [string, string] => [
      prop,
      propText(prop, objectCname(bucket, objectName), attributes, units),
    ]);
  if (context.settings.json) return context.printJson(Object.fromEntries(pairs));
  context.printProperties(pairs.filter(([, value]) => value !== ""));
}

function wantedProps(option: string | undefined): readonly Prop[] {
  if (option === undefined) return DEFAULT_PROPS;
  const words = option.split(",").map((word) => word.trim().toLowerCase());
  if (words.includes("all")) return PROPS;
  return words.map((word) => {
    const prop = PROPS.find((known) => known === word);
    if (prop === undefined) {
      throw new UsageError(`unknown object property "${word}", expecting some of: all, ${PROPS.join(", ")}`);
    }
    return prop;
  });
}

function propText(prop: Prop, cname: string, attributes: ObjectAttributes, units: Units): string {
  switch (prop) {
    case "name":
      return cname;
    case "size":
      return formatSize(attributes.sizeBytes ?? 0, units);
    case "checksum":
      return attributes.checksumType === "" ? "-" : `${attributes.checksumType}[${attributes.checksumValue}]`;
    case "atime":
      return attributes.atimeNs === null || attributes.atimeNs === 0n ? "-" : formatTime(attributes.atimeNs);
    case "version":
      return attributes.version;
    case "custom":
      return formatCustom(attributes.custom) || "-";
    case "location":
      return attributes.location;
    case "last-modified":
      return attributes.lastModified;
    case "etag":
      return attributes.etag;
  }
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** RFC 822 with a numeric zone left to UTC: `30 Oct 26 23:41 UTC`. */
function formatTime(timeNs: bigint): string {
  const time = new Date(Number(timeNs / 1_000_000n));
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${two(time.getUTCDate())} ${MONTHS[time.getUTCMonth()]} ${two(time.getUTCFullYear() % 100)}`;
  return `${day} ${two(time.getUTCHours())}:${two(time.getUTCMinutes())} UTC`;
}
