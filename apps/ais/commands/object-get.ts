/** `ais get`: one object, a part of one, or every object under a prefix. */
import { stat } from "node:fs/promises";
import { basename, join, resolve, sep } from "node:path";
import { isNotFound } from "@ais/client/api-error.ts";
import type { ListedEntry } from "@ais/client/list-objects.ts";
import { type Bck, bucketCname, objectCname } from "@ais/wire/bck.ts";
import type { Command } from "commander";
import { runAll } from "../concurrency.ts";
import type { CommandContext, Runtime } from "../context.ts";
import { type DownloadRange, download } from "../download.ts";
import { UsageError } from "../errors.ts";
import { parsePositiveCount, parseSizeValue, type SizeValue, sizeOf } from "../option-values.ts";
import { startProgress } from "../output/progress.ts";
import { counted, formatSize } from "../output/units.ts";
import { isDiscarded, STDOUT_PATH } from "../output-file.ts";
import { parseObjectArgument, parseUri } from "../uri.ts";

interface Options {
  readonly offset?: SizeValue;
  readonly length?: SizeValue;
  readonly checksum?: boolean;
  readonly prefix?: string;
  readonly progress?: boolean;
  readonly conc: number;
}

const CONCURRENT_DOWNLOADS = 8;

export function objectGetCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("get")
    .summary("read objects into files or standard output")
    .description(
      "Read an object, a part of it, or with --prefix many. Without a destination the file gets the object's base name.\n" +
        "A destination appears whole or not at all.",
    )
    .argument("<object>", "BUCKET/OBJECT_NAME; with --prefix: BUCKET")
    .argument("[destination]", "file, directory, - for standard output, or /dev/null")
    .option("--offset <size>", "first byte to read", parseSizeValue)
    .option("--length <size>", "number of bytes to read", parseSizeValue)
    .option("--checksum", "compute the checksum of what arrives and compare")
    .option("--prefix <text>", "every object whose name begins with this; names keep their directories")
    .option("--progress", "show progress")
    .option(
      "--conc <count>",
      "concurrent downloads (also --num-workers)",
      parsePositiveCount,
      CONCURRENT_DOWNLOADS,
    );
  return runtime.handle<Options>(command, async (context, [source, destination], options) => {
    const outPath = destination === undefined ? "" : String(destination);
    if (options.prefix === undefined) {
      const { bucket, objectName } = parseObjectArgument(String(source));
      return getOne(context, bucket, objectName, outPath, options);
    }
    const { bucket, objectName } = parseUri(String(source));
    if (bucket.name === "") throw new UsageError(`missing bucket name in "${source}"`);
    if (objectName !== "")
      throw new UsageError(`an object name and --prefix cannot be used together: "${source}"`);
    await getMany(context, bucket, options.prefix, outPath, options);
  });
}

export function objectCatCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("cat")
    .summary("print an object to standard output")
    .argument("<object>", "BUCKET/OBJECT_NAME")
    .option("--offset <size>", "first byte to read", parseSizeValue)
    .option("--length <size>", "number of bytes to read", parseSizeValue)
    .option("--checksum", "compute the checksum of what arrives, and fail when it is another");
  return runtime.handle<Options>(command, async (context, [source], options) => {
    const { bucket, objectName } = parseObjectArgument(String(source));
    await getOne(context, bucket, objectName, STDOUT_PATH, options);
  });
}

async function getOne(
  context: CommandContext,
  bucket: Bck,
  objectName: string,
  destination: string,
  options: Options,
): Promise<void> {
  const outPath = await filePath(destination, basename(objectName));
  await confirmOverwrite(context, outPath);
  const range = rangeOf(context, options);
  const forced = options.progress === true;
  const received = await download(context, bucket, objectName, outPath, {
    range,
    verify: options.checksum === true,
    startProgress: (totalBytes) =>
      startProgress(context.io, { verb: "Downloaded", items: 1, totalBytes, forced }),
  }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
    throw missing(error, bucket, objectName);
  });
  if (outPath === STDOUT_PATH) return;
  if (context.settings.json) {
    return context.printJson({
      object: objectCname(bucket, objectName),
      file: outPath,
      size: String(received),
    });
  }
  const discard = isDiscarded(outPath) ? " and discard" : "";
  const where = isDiscarded(outPath) ? "" : ` as ${outPath}`;
  if (range !== null) {
    return context.print(`Read${discard} range (length ${received} at offset ${range.offsetBytes})${where}`);
  }
  const size = received > 0 ? ` (${formatSize(received, context.settings.units)})` : "";
  context.print(`GET${discard} ${objectName} from ${bucketCname(bucket)}${where}${size}`);
}

async function getMany(
  context: CommandContext,
  bucket: Bck,
  prefix: string,
  destination: string,
  options: Options,
): Promise<void> {
  const range = rangeOf(context, options);
  const entries: ListedEntry[] = [];
  for await (const entry of context.client.objects.list(bucket, { prefix, props: ["name", "size"] }))
    entries.push(entry);
  if (entries.length === 0) throw new Error(`${objectCname(bucket, prefix)} not found`);
  const isDirectory =
    destination === "" || (await stat(destination).catch(() => null))?.isDirectory() === true;
  const isSink = destination === STDOUT_PATH || isDiscarded(destination);
  if (!isDirectory && !isSink && !destination.endsWith("/")) {
    throw new UsageError(
      `"${destination}" is not a directory: ${counted(entries.length, "object")} need one`,
    );
  }
  const totalBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
  const to = isDiscarded(destination) ? " (and discard)" : ` to ${destination === "" ? "." : destination}`;
  const caption = `GET ${counted(entries.length, "object")} from ${bucketCname(bucket)}${to} (total size ${formatSize(totalBytes, context.settings.units)})`;
  await context.confirm(caption, true);
  const plan = { verb: "Downloaded", items: entries.length, totalBytes, forced: options.progress === true };
  const progress = await startProgress(context.io, plan);
  // Standard output takes one object after the other.
  const concurrency = destination === STDOUT_PATH ? 1 : options.conc;
  const failures = await runAll(entries, concurrency, async (entry) => {
    context.io.signal.throwIfAborted();
    const outPath = isSink ? destination : pathBelow(destination === "" ? "." : destination, entry.name);
    await download(context, bucket, entry.name, outPath, {
      range,
      verify: options.checksum === true,
      startProgress: async () => ({ bytes: progress.bytes, item() {}, stop() {} }),
    });
    progress.item();
  });
  progress.stop();
  for (const { item, error } of failures) {
    context.note(`Failed to GET ${item.name}: ${error instanceof Error ? error.message : error}`);
  }
  if (failures.length > 0)
    throw new Error(`failed to GET ${counted(failures.length, "object")} of ${entries.length}`);
  if (context.settings.json)
    context.printJson({ get: entries.map((entry) => objectCname(bucket, entry.name)) });
  else if (destination !== STDOUT_PATH) context.print(caption);
}

async function filePath(destination: string, name: string): Promise<string> {
  if (destination === "") return name;
  if (destination === STDOUT_PATH || isDiscarded(destination)) return destination;
  const isDirectory = destination.endsWith("/") || (await stat(destination).catch(() => null))?.isDirectory();
  return isDirectory ? join(destination, name) : destination;
}

async function confirmOverwrite(context: CommandContext, path: string): Promise<void> {
  if (path === STDOUT_PATH || isDiscarded(path)) return;
  const existing = await stat(path).catch(() => null);
  if (existing?.isFile() === true) await context.confirm(`overwrite existing "${path}"`, true);
}

/** An object's name is the cluster's word, so it is kept from leaving the directory. */
function pathBelow(directory: string, objectName: string): string {
  const path = join(directory, ...objectName.split("/"));
  if (!resolve(path).startsWith(resolve(directory) + sep)) {
    throw new Error(`object name "${objectName}" leads out of "${directory}"`);
  }
  return path;
}

function rangeOf({ settings }: CommandContext, { offset, length }: Options): DownloadRange | null {
  if (offset === undefined && length === undefined) return null;
  const offsetBytes = offset === undefined ? 0 : sizeOf(offset, settings);
  if (length === undefined) return { offsetBytes };
  const lengthBytes = sizeOf(length, settings);
  if (lengthBytes === 0) throw new UsageError("--length must not be 0");
  return { offsetBytes, lengthBytes };
}

function missing(cause: unknown, bucket: Bck, objectName: string): Error {
  const tcode = cause instanceof Error && "tcode" in cause ? cause.tcode : "";
  const what =
    tcode === "ErrBckNotFound"
      ? `bucket "${bucketCname(bucket)}"`
      : `object "${objectCname(bucket, objectName)}"`;
  return new Error(`${what} does not exist`, { cause });
}
