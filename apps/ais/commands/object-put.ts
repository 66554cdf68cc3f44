/** `ais put`: a file, a directory, a pattern, or standard input. */
import { extname } from "node:path";
import { textAt } from "@ais/client/json-view.ts";
import { type Bck, bucketCname, objectCname } from "@ais/wire/bck.ts";
import type { Command } from "commander";
import { fileChecksum } from "../checksum.ts";
import { runAll } from "../concurrency.ts";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { fileStream } from "../file-stream.ts";
import { parsePositiveCount } from "../option-values.ts";
import { startProgress } from "../output/progress.ts";
import { counted, formatSize } from "../output/units.ts";
import { findSources, type SourceFile, type Sources } from "../put-sources.ts";
import { isUri, parseUri } from "../uri.ts";

interface Options {
  readonly recursive?: boolean;
  readonly includeSrcDir?: boolean;
  readonly progress?: boolean;
  readonly conc: number;
  readonly computeChecksum?: boolean;
  readonly dryRun?: boolean;
}

const STDIN = "-";
const CONCURRENT_UPLOADS = 8;

export function objectPutCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("put")
    .summary("store files, directories or standard input as objects")
    .description(
      "Store files as objects. A destination that ends with / is a directory; of one file any other is the object's name.\n" +
        "Patterns may be left to the shell or quoted. A single dash stands for standard input.",
    )
    .argument("<source...>", "FILE, DIRECTORY, PATTERN or -; the last one is BUCKET[/OBJECT_NAME or PREFIX]")
    .option("-r, --recursive", "directories with everything below them")
    .option("--include-src-dir", "object names begin with the last element of the source directory")
    .option("--progress", "show progress")
    .option(
      "--conc <count>",
      "concurrent uploads (also --num-workers)",
      parsePositiveCount,
      CONCURRENT_UPLOADS,
    )
    .option("--compute-checksum", "checksum files here, of the bucket's type, and let the cluster compare")
    .option("--dry-run", "show what would be stored");
  return runtime.handle<Options>(command, async (context, [argument], options) => {
    const words = Array.isArray(argument) ? [...argument] : [];
    const target = words.pop();
    if (target === undefined || words.length === 0) {
      throw new UsageError("expecting a source and a destination, such as: ais put README.md ais://nnn");
    }
    if (!isUri(target) && words.some(isUri)) {
      throw new UsageError(`the destination comes last and is a bucket, got "${target}"`);
    }
    const { bucket, objectName } = parseUri(target);
    if (bucket.name === "") throw new UsageError(`missing bucket name in "${target}"`);
    if (words.length === 1 && words[0] === STDIN) return putStdin(context, bucket, objectName);
    const sources = await findSources(words, {
      recursive: options.recursive === true,
      includeSourceDirectory: options.includeSrcDir === true,
      destination: objectName,
    });
    if (sources.files.length === 0)
      throw new UsageError(`no files to put in ${words.join(" ")} (see --recursive)`);
    const checksumType = options.computeChecksum === true ? await bucketChecksumType(context, bucket) : null;
    const [single] = sources.files;
    if (sources.isSingleFile && single !== undefined) {
      await putSingle(context, bucket, single, checksumType, options);
    } else {
      await putMany(context, bucket, objectName, sources, checksumType, options);
    }
  });
}

async function putStdin(context: CommandContext, bucket: Bck, objectName: string): Promise<void> {
  if (objectName === "" || objectName.endsWith("/")) {
    throw new UsageError("standard input has no name: give the whole BUCKET/OBJECT_NAME");
  }
  const body = { stream: context.io.stdin(), lengthBytes: null };
  await context.client.objects.put(bucket, objectName, body, { signal: context.io.signal });
  report(context, `PUT (standard input) => ${objectCname(bucket, objectName)}`, [
    objectCname(bucket, objectName),
  ]);
}

async function putSingle(
  context: CommandContext,
  bucket: Bck,
  file: SourceFile,
  checksumType: string | null,
  options: Options,
): Promise<void> {
  const name = objectCname(bucket, file.objectName);
  if (options.dryRun === true) return context.print(`[DRY RUN] PUT "${file.path}" => ${name}`);
  const forced = options.progress === true;
  const plan = { verb: "Uploaded", items: 1, totalBytes: file.sizeBytes, forced };
  const progress = await startProgress(context.io, plan);
  try {
    await upload(context, bucket, file, checksumType, progress.bytes);
    progress.item();
  } finally {
    progress.stop();
  }
  report(context, `PUT "${file.path}" => ${name}`, [name]);
}

async function putMany(
  context: CommandContext,
  bucket: Bck,
  destination: string,
  sources: Sources,
  checksumType: string | null,
  options: Options,
): Promise<void> {
  const { files } = sources;
  const totalBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const caption = `PUT ${counted(files.length, "file")}${directoriesText(sources, options)} => ${
    destination === "" ? bucketCname(bucket) : objectCname(bucket, destination)
  }`;
  if (options.dryRun === true) {
    for (const file of files)
      context.print(`[DRY RUN] PUT ${file.path} -> ${objectCname(bucket, file.objectName)}`);
    return;
  }
  if (!context.settings.json) showSizes(context, files, totalBytes);
  await context.confirm(`${caption}?`, true);
  const plan = { verb: "Uploaded", items: files.length, totalBytes, forced: options.progress === true };
  const progress = await startProgress(context.io, plan);
  const failures = await runAll(files, options.conc, async (file) => {
    context.io.signal.throwIfAborted();
    await upload(context, bucket, file, checksumType, progress.bytes);
    progress.item();
  });
  progress.stop();
  for (const { item, error } of failures) {
    const reason = error instanceof Error ? error.message : String(error);
    context.note(`Failed to PUT ${item.path} => ${objectCname(bucket, item.objectName)}: ${reason}`);
  }
  if (failures.length > 0)
    throw new Error(`failed to PUT ${counted(failures.length, "file")} of ${files.length}`);
  report(
    context,
    caption,
    files.map((file) => objectCname(bucket, file.objectName)),
  );
}

async function upload(
  context: CommandContext,
  bucket: Bck,
  file: SourceFile,
  checksumType: string | null,
  onBytes: (count: number) => void,
): Promise<void> {
  const checksum = checksumType === null ? null : await fileChecksum(file.path, checksumType);
  const body = { stream: fileStream(file.path, onBytes), lengthBytes: file.sizeBytes };
  await context.client.objects.put(bucket, file.objectName, body, {
    signal: context.io.signal,
    ...(checksum === null ? {} : { checksum }),
  });
}

async function bucketChecksumType(context: CommandContext, bucket: Bck): Promise<string> {
  return textAt(await context.client.buckets.props(bucket), "checksum.type");
}

function report(context: CommandContext, line: string, objects: readonly string[]): void {
  if (context.settings.json) context.printJson({ put: objects });
  else context.print(line);
}

function directoriesText(sources: Sources, options: Options): string {
  if (sources.directories === 0) return "";
  const many = sources.directories === 1 ? "one directory" : `${sources.directories} directories`;
  return ` (${many}, ${options.recursive === true ? "recursively" : "non-recursive"})`;
}

function showSizes(context: CommandContext, files: readonly SourceFile[], totalBytes: number): void {
  const byExtension = new Map<string, { count: number; bytes: number }>();
  for (const file of files) {
    const group = byExtension.get(extname(file.path)) ?? { count: 0, bytes: 0 };
    byExtension.set(extname(file.path), { count: group.count + 1, bytes: group.bytes + file.sizeBytes });
  }
  const rows = [...byExtension]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([extension, group]) => [extension, String(group.count), formatSize(group.bytes)]);
  context.print("Files to upload:");
  context.printTable(
    [{ name: "EXTENSION" }, { name: "COUNT" }, { name: "SIZE" }],
    [...rows, ["TOTAL", String(files.length), formatSize(totalBytes)]],
  );
}
