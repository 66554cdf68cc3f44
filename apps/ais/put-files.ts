/** Files on their way into objects: one, many at a time, or standard input. */
import { extname } from "node:path";
import { type Bck, bucketCname, objectCname } from "@ais/wire/bck.ts";
import { fileChecksum } from "./checksum.ts";
import { runAll } from "./concurrency.ts";
import type { CommandContext } from "./context.ts";
import { UsageError } from "./errors.ts";
import { fileStream } from "./file-stream.ts";
import { startProgress } from "./output/progress.ts";
import { counted, formatSize } from "./output/units.ts";
import { putInParts } from "./put-parts.ts";
import type { SourceFile, Sources } from "./put-sources.ts";

export interface PutOptions {
  readonly recursive?: boolean;
  readonly progress?: boolean;
  readonly conc: number;
  readonly dryRun?: boolean;
  /** Files are checksummed here, and the cluster compares. Null: they are not. */
  readonly checksumType: string | null;
  /** Larger files go as multipart uploads in parts of this size. Null: each file is one request. */
  readonly partBytes: number | null;
}

export async function putStdin(context: CommandContext, bucket: Bck, objectName: string): Promise<void> {
  if (objectName === "" || objectName.endsWith("/")) {
    throw new UsageError("standard input has no name: give the whole BUCKET/OBJECT_NAME");
  }
  const body = { stream: context.io.stdin(), lengthBytes: null };
  await context.client.objects.put(bucket, objectName, body, { signal: context.io.signal });
  report(context, `PUT (standard input) => ${objectCname(bucket, objectName)}`, [
    objectCname(bucket, objectName),
  ]);
}

/** The report names the file and the object. */
export async function putSingle(
  context: CommandContext,
  bucket: Bck,
  file: SourceFile,
  options: PutOptions,
): Promise<void> {
  const name = objectCname(bucket, file.objectName);
  const forced = options.progress === true;
  const plan = { verb: "Uploaded", items: 1, totalBytes: file.sizeBytes, forced };
  const progress = await startProgress(context.io, plan);
  try {
    await upload(context, bucket, file, options, options.conc, progress.bytes);
    progress.item();
  } finally {
    progress.stop();
  }
  report(context, `PUT "${file.path}" => ${name}`, [name]);
}

/** Goes on after a failure, names every one, and throws at the end. */
export async function putMany(
  context: CommandContext,
  bucket: Bck,
  destination: string,
  sources: Sources,
  options: PutOptions,
): Promise<void> {
  const { files } = sources;
  const totalBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const caption = `PUT ${counted(files.length, "file")}${directoriesText(sources, options)} => ${
    destination === "" ? bucketCname(bucket) : objectCname(bucket, destination)
  }`;
  if (!context.settings.json) showSizes(context, files, totalBytes);
  await context.confirm(`${caption}?`, true);
  const plan = { verb: "Uploaded", items: files.length, totalBytes, forced: options.progress === true };
  const progress = await startProgress(context.io, plan);
  const failures = await runAll(files, options.conc, async (file) => {
    context.io.signal.throwIfAborted();
    await upload(context, bucket, file, options, 1, progress.bytes);
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
  { checksumType, partBytes }: PutOptions,
  concurrency: number,
  onBytes: (count: number) => void,
): Promise<void> {
  if (partBytes !== null && file.sizeBytes > partBytes)
    return putInParts(context, bucket, file, { partBytes, concurrency }, onBytes);
  const checksum = checksumType === null ? null : await fileChecksum(file.path, checksumType);
  const body = { stream: fileStream(file.path, onBytes), lengthBytes: file.sizeBytes };
  await context.client.objects.put(bucket, file.objectName, body, {
    signal: context.io.signal,
    ...(checksum === null ? {} : { checksum }),
  });
}

function report(context: CommandContext, line: string, objects: readonly string[]): void {
  if (context.settings.json) context.printJson({ put: objects });
  else context.print(line);
}

function directoriesText(sources: Sources, options: PutOptions): string {
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
  const { units } = context.settings;
  const rows = [...byExtension]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([extension, group]) => [extension, String(group.count), formatSize(group.bytes, units)]);
  context.print("Files to upload:");
  context.printTable(
    [{ name: "EXTENSION" }, { name: "COUNT" }, { name: "SIZE" }],
    [...rows, ["TOTAL", String(files.length), formatSize(totalBytes, units)]],
  );
}

export function printDryRun(context: CommandContext, bucket: Bck, files: readonly SourceFile[]): void {
  const moves = files.map(({ path, objectName }) => ({ path, object: objectCname(bucket, objectName) }));
  if (context.settings.json) context.printJson({ would_put: moves });
  else for (const { path, object } of moves) context.print(`[DRY RUN] PUT ${path} -> ${object}`);
}
