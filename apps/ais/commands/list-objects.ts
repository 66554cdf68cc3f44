import type { ListedEntry } from "@ais/client/list-objects.ts";
import { type Bck, bucketCname, objectCname } from "@ais/wire/bck.ts";
import { ENTRY_FLAGS, LSO_PROPS, type LsoProp } from "@ais/wire/lso.ts";
import { matchesTemplate } from "@ais/wire/object-template.ts";
import type { CommandContext } from "../context.ts";
import { UsageError } from "../errors.ts";
import { parseObjectTemplate } from "../jobs/selection-options.ts";
import { counted, formatSize } from "../output/units.ts";
import type { ListOptions } from "./bucket-ls.ts";

const MINIMAL_PROPS = ["name", "size", "cached"] as const satisfies readonly LsoProp[];
/** What `--props all` stands for (wire-compat 4.4). */
const ALL_PROPS = [
  "name",
  "size",
  "checksum",
  "atime",
  "version",
  "cached",
  "status",
  "copies",
  "ec",
  "custom",
  "location",
] as const satisfies readonly LsoProp[];
/** Fewer names than this need no count below them. */
const FOOTER_ABOVE = 10;
/** Names that `--paged` prints at a time. */
const DEFAULT_PAGE = 1000;

export interface ListObjectsOptions extends ListOptions {
  /** Nothing found is a failure. */
  readonly mustMatch?: boolean;
}

export async function listObjects(
  context: CommandContext,
  bucket: Bck,
  prefix: string,
  options: ListObjectsOptions,
): Promise<void> {
  const props = wantedProps(options);
  if (options.paged === true) refuseWithPages(context, options);
  const isWanted = wantedNames(prefix, options);
  let entries: ListedEntry[] = [];
  let hasPrinted = false;
  const listing = context.client.objects.list(bucket, {
    prefix: serverPrefix(prefix, options),
    props,
    ...(options.limit === undefined || options.limit === 0 ? {} : { limit: options.limit }),
    ...(options.pageSize === undefined ? {} : { pageSize: options.pageSize }),
    ...(options.startAfter === undefined ? {} : { startAfter: options.startAfter }),
    noRecursion: options.nonRecursive === true,
    nameOnly: props.length === 1,
    all: options.all === true,
    signal: context.io.signal,
  });
  for await (const entry of listing) {
    const isHere = options.all === true || (entry.flags & ENTRY_FLAGS.statusMask) === 0;
    if (isHere && isWanted(entry.name)) entries.push(entry);
    // 0 is the default, as on the wire.
    if (options.paged !== true || entries.length < (options.pageSize || DEFAULT_PAGE)) continue;
    print(context, bucket, entries, props, options);
    hasPrinted = true;
    entries = [];
  }
  if (hasPrinted && entries.length === 0) return;
  if (entries.length === 0 && options.mustMatch === true)
    throw new Error(`${objectCname(bucket, prefix)} not found`);
  if (context.settings.json) return context.printJson(entries.map(entryToJson));
  if (options.countOnly === true) return context.print(String(entries.length));
  if (entries.length === 0) return context.print(`No objects in ${bucketCname(bucket)}`);
  if (options.nonRecursive === true)
    entries.sort((left, right) => Number(right.isDirectory) - Number(left.isDirectory));
  print(context, bucket, entries, props, options);
}

function refuseWithPages({ settings }: CommandContext, { countOnly, nonRecursive }: ListOptions): void {
  if (settings.json || countOnly === true || nonRecursive === true)
    throw new UsageError("--paged excludes --json, --count-only and --non-recursive");
}

/** What every wanted name begins with: the server need not list more. */
function serverPrefix(prefix: string, { template }: ListOptions): string {
  if (template === undefined) return prefix;
  if (prefix !== "") throw new UsageError("--template and a prefix exclude each other");
  return parseObjectTemplate(template).prefix;
}

function wantedNames(prefix: string, { regex, template }: ListOptions): (name: string) => boolean {
  const names = template === undefined || prefix !== "" ? null : parseObjectTemplate(template);
  return (name) =>
    (regex === undefined || regex.test(name)) && (names === null || matchesTemplate(names, name));
}

function wantedProps(options: ListOptions): readonly LsoProp[] {
  if (options.nameOnly === true || options.countOnly === true) return ["name"];
  if (options.props === undefined) return options.all === true ? [...MINIMAL_PROPS, "status"] : MINIMAL_PROPS;
  const words = options.props.split(",").map((word) => word.trim().toLowerCase());
  if (words.includes("all")) return ALL_PROPS;
  const props = words.map((word) => {
    const prop = LSO_PROPS.find((known) => known === word);
    if (prop === undefined) {
      throw new UsageError(
        `unknown object property "${word}", expecting some of: all, ${LSO_PROPS.join(", ")}`,
      );
    }
    return prop;
  });
  return [...new Set<LsoProp>(["name", ...props])];
}

function print(
  context: CommandContext,
  bucket: Bck,
  entries: readonly ListedEntry[],
  props: readonly LsoProp[],
  options: ListOptions,
): void {
  // Objects of an ais bucket are always in the cluster: AIStore shows that column only for remote buckets.
  const hidesCached = bucket.provider === "ais" && options.props?.includes("cached") !== true;
  const columns = props.map((prop) => ({
    name: prop.toUpperCase(),
    hidden: prop === "cached" && hidesCached,
  }));
  const rows = entries.map((entry) => props.map((prop) => cell(context, entry, prop)));
  context.printTable(columns, rows);
  if (entries.length > FOOTER_ABOVE && context.settings.headers) {
    context.print(`${context.colors.blue("Listed")} ${counted(entries.length, "name")}`);
  }
}

function cell(context: CommandContext, entry: ListedEntry, prop: LsoProp): string {
  if (prop === "name") return entry.isDirectory ? context.colors.green(entry.name) : entry.name;
  if (entry.isDirectory) return "";
  switch (prop) {
    case "size":
      return formatSize(entry.sizeBytes, context.settings.units);
    case "cached":
      return entry.isCached ? "yes" : "no";
    case "status":
      return statusText(entry.flags);
    case "copies":
      return String(entry.copies ?? 0);
    case "chunked":
      return (entry.flags & ENTRY_FLAGS.chunked) === 0 ? "" : "yes";
    case "custom":
      return entry.custom === undefined || entry.custom === "" ? "-" : entry.custom;
    case "checksum":
    case "atime":
    case "version":
    case "location":
      return entry[prop] ?? "";
    case "ec":
    case "last-modified":
    case "etag":
      return "-";
  }
}

function statusText(flags: number): string {
  const texts = ["ok", "misplaced(cluster)", "misplaced(mountpath)", "replica", "replica(object-is-missing)"];
  return texts[flags & ENTRY_FLAGS.statusMask] ?? "invalid";
}

/** As on the wire: what is empty is left out. */
function entryToJson(entry: ListedEntry): object {
  const { custom, sizeBytes, isDirectory: _, isCached: __, ...rest } = entry;
  const members = { ...rest, size: String(sizeBytes), "custom-md": custom ?? "" };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== "" && value !== 0));
}
