/** `ais put`: files, directories, patterns, lists and ranges of files, or standard input. */
import { textAt } from "@ais/client/json-view.ts";
import { type Bck, objectCname, type ParsedUri } from "@ais/wire/bck.ts";
import type { Command } from "commander";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { parsePositiveCount, parseSizeValue, type SizeValue, sizeOf } from "../option-values.ts";
import { type PutOptions, printDryRun, putMany, putSingle, putStdin } from "../put-files.ts";
import { findSources, type Sources } from "../put-sources.ts";
import { isUri, parseUri } from "../uri.ts";
import { appendFiles } from "./object-concat.ts";

interface Options extends Omit<PutOptions, "checksumType" | "partBytes"> {
  readonly chunkSize?: SizeValue;
  readonly includeSrcDir?: boolean;
  readonly computeChecksum?: boolean;
  readonly list?: string;
  readonly template?: string;
  readonly append?: boolean;
}

const STDIN = "-";
const CONCURRENT_UPLOADS = 8;

export function objectPutCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("put")
    .summary("store files, directories or standard input as objects")
    .description(
      "Store files as objects. A destination that ends with / is a directory; of one file any other is the object's name.\n" +
        "Patterns and ranges (shard-{000..099}.tar) may be left to the shell or quoted. A single dash stands for standard input.",
    )
    .argument("<source...>", "FILE, DIRECTORY, PATTERN or -; the last one is BUCKET[/OBJECT_NAME or PREFIX]")
    .option("-r, --recursive", "directories with everything below them")
    .option(
      "--list <files>",
      'comma-separated files and directories, in place of sources: "a.txt, dir/b.txt"',
    )
    .option("--template <template>", 'a range of files, in place of sources: "/data/shard-{000..099}.tar"')
    .option("--include-src-dir", "object names begin with the last element of the source directory")
    .option(
      "--append",
      "append the files, one after the other, to one object, which is made when it does not exist",
    )
    .option("--chunk-size <size>", "larger files as multipart uploads in parts of this size", parseSizeValue)
    .option("--progress", "show progress")
    .option(
      "--conc <count>",
      "concurrent uploads, of files or of the parts of one (also --num-workers)",
      parsePositiveCount,
      CONCURRENT_UPLOADS,
    )
    .option("--compute-checksum", "checksum files here, of the bucket's type, and let the cluster compare")
    .option("--dry-run", "show what would be stored");
  return runtime.handle<Options>(command, async (context, [argument], options) => {
    const words = [argument ?? []].flat();
    const destination = destinationOf(words, options);
    const sources = words.slice(0, -1);
    if (sources.length === 1 && sources[0] === STDIN) return putFromStdin(context, destination, options);
    const found = await chosenFiles(sources, destination, options);
    if (options.append === true) return append(context, destination, found, options);
    await put(context, destination, found, options);
  });
}

/** The last word, which is a bucket. */
function destinationOf(words: readonly string[], { list, template }: Options): ParsedUri {
  const target = words.at(-1) ?? "";
  const hasOption = list !== undefined || template !== undefined;
  if (list !== undefined && template !== undefined)
    throw new UsageError("--list and --template exclude each other");
  if (hasOption && words.length > 1)
    throw new UsageError(`--${list === undefined ? "template" : "list"} stands in place of "${words[0]}"`);
  if (!hasOption && words.length < 2)
    throw new UsageError("expecting a source and a destination, such as: ais put README.md ais://nnn");
  if (!isUri(target) && words.some(isUri))
    throw new UsageError(`the destination comes last and is a bucket, got "${target}"`);
  const destination = parseUri(target);
  if (destination.bucket.name === "") throw new UsageError(`missing bucket name in "${target}"`);
  return destination;
}

async function chosenFiles(
  sources: readonly string[],
  { objectName }: ParsedUri,
  options: Options,
): Promise<Sources> {
  const { list, template } = options;
  const listed = list?.split(",").map((item) => item.trim());
  const words = listed ?? (template === undefined ? sources : [template]);
  const found = await findSources(
    words.filter((word) => word !== ""),
    {
      recursive: options.recursive === true,
      includeSourceDirectory: options.includeSrcDir === true,
      destination: options.append === true ? "" : objectName,
      selection: list !== undefined ? "list" : template !== undefined ? "template" : null,
    },
  );
  if (found.files.length === 0) {
    const what = list === undefined ? words.join(" ") : `"${list}"`;
    throw new UsageError(`no files to put in ${what} (see --recursive)`);
  }
  return found;
}

async function put(
  context: CommandContext,
  { bucket, objectName }: ParsedUri,
  sources: Sources,
  options: Options,
): Promise<void> {
  if (options.dryRun === true) return printDryRun(context, bucket, sources.files);
  const checksumType = options.computeChecksum === true ? await bucketChecksumType(context, bucket) : null;
  const all = { ...options, checksumType, partBytes: partBytesOf(context, options) };
  const [single] = sources.files;
  if (sources.isSingleFile && single !== undefined) return putSingle(context, bucket, single, all);
  await putMany(context, bucket, objectName, sources, all);
}

function partBytesOf({ settings }: CommandContext, { chunkSize, computeChecksum }: Options): number | null {
  if (chunkSize === undefined) return null;
  if (computeChecksum === true) throw new UsageError("--chunk-size excludes --compute-checksum");
  const partBytes = sizeOf(chunkSize, settings);
  if (partBytes === 0) throw new UsageError("--chunk-size must not be 0");
  return partBytes;
}

async function putFromStdin(context: CommandContext, to: ParsedUri, options: Options): Promise<void> {
  for (const option of ["append", "dryRun", "computeChecksum", "progress", "chunkSize"] as const)
    if (options[option] !== undefined)
      throw new UsageError(`--${kebab(option)} takes files, not standard input`);
  await putStdin(context, to.bucket, to.objectName);
}

async function append(
  context: CommandContext,
  { bucket, objectName }: ParsedUri,
  { files }: Sources,
  options: Options,
): Promise<void> {
  for (const option of ["includeSrcDir", "computeChecksum", "chunkSize"] as const)
    if (options[option] !== undefined) throw new UsageError(`--append excludes --${kebab(option)}`);
  const name = objectCname(bucket, objectName);
  if (objectName === "") throw new UsageError(`--append takes a whole name: ${name}/OBJECT_NAME`);
  if (options.dryRun === true) {
    if (context.settings.json) context.printJson({ would_append: files.map(({ path }) => path), to: name });
    else for (const { path } of files) context.print(`[DRY RUN] APPEND ${path} -> ${name}`);
    return;
  }
  await appendFiles(context, bucket, objectName, files, options.progress === true);
}

/** `dryRun` is `--dry-run`. */
function kebab(option: string): string {
  return option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

async function bucketChecksumType(context: CommandContext, bucket: Bck): Promise<string> {
  return textAt(await context.client.buckets.props(bucket), "checksum.type");
}
