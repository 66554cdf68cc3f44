/** `ais object concat`, which is also `ais put --append`: files at the end of an object. */
import { type Bck, objectCname } from "@ais/wire/bck.ts";
import type { Command } from "commander";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { fileStream } from "../file-stream.ts";
import { startProgress } from "../output/progress.ts";
import { counted, formatSize } from "../output/units.ts";
import { findSources, type SourceFile } from "../put-sources.ts";
import { parseObjectArgument } from "../uri.ts";

interface ConcatOptions {
  readonly recursive?: boolean;
  readonly progress?: boolean;
}

export function objectConcatCommand(runtime: Runtime, parent: Command): void {
  const command = parent
    .command("concat")
    .summary("append files to an object, which is made when it does not exist")
    .argument("<source...>", "files, directories or patterns, then BUCKET/OBJECT_NAME")
    .option("-r, --recursive", "directories below the directories too")
    .option("--progress", "show a progress bar");
  runtime.handle<ConcatOptions>(command, async (context, [operands], options) => {
    const words = [operands ?? []].flat();
    const { bucket, objectName } = parseObjectArgument(words.at(-1) ?? "");
    if (words.length < 2) throw new UsageError("missing files to append");
    const { files } = await findSources(words.slice(0, -1), {
      recursive: options.recursive === true,
      includeSourceDirectory: false,
      destination: "",
    });
    await appendFiles(context, bucket, objectName, files, options.progress === true);
  });
}

/** One after the other, in this order; whoever reads meanwhile finds the object as it was before. */
export async function appendFiles(
  context: CommandContext,
  bucket: Bck,
  objectName: string,
  files: readonly SourceFile[],
  showsProgress: boolean,
): Promise<void> {
  if (files.length === 0) throw new UsageError("no files to append (see --recursive)");
  const { client, io, settings } = context;
  const totalBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const plan = { verb: "Appended", items: files.length, totalBytes, forced: showsProgress };
  const progress = await startProgress(io, plan);
  let handle = "";
  try {
    for (const { path, sizeBytes } of files) {
      io.signal.throwIfAborted();
      const body = { stream: fileStream(path, progress.bytes), lengthBytes: sizeBytes };
      handle = await client.uploads.append(bucket, objectName, handle, body);
      progress.item();
    }
  } finally {
    progress.stop();
  }
  await client.uploads.flush(bucket, objectName, handle);
  const name = objectCname(bucket, objectName);
  const size = formatSize(totalBytes, settings.units);
  if (settings.json) context.printJson({ object: name, files: files.length, bytes: totalBytes });
  else context.print(`Appended ${counted(files.length, "file")} (${size}) to ${name}`);
}
