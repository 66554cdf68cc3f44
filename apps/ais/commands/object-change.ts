/** `ais object mv`, `set-custom`, `concat`, and `ais advanced check-lock`. */
import { type Bck, bucketCname, objectCname } from "@ais/wire/bck.ts";
import type { Command } from "commander";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { fileStream } from "../file-stream.ts";
import { startProgress } from "../output/progress.ts";
import { counted, formatSize } from "../output/units.ts";
import { parsePairs } from "../pairs.ts";
import { findSources } from "../put-sources.ts";
import { isUri, parseObjectArgument, parseUri } from "../uri.ts";

export function objectMoveCommand(runtime: Runtime, parent: Command): void {
  const command = parent
    .command("mv")
    .summary("rename an object")
    .argument("<object>", "BUCKET/OBJECT_NAME")
    .argument("<new-name>", "name in the same bucket");
  runtime.handle(command, async (context, [word, name]) => {
    const { bucket, objectName } = parseObjectArgument(String(word));
    const newName = nameIn(bucket, String(name));
    await context.client.objects.rename(bucket, objectName, newName);
    const [from, to] = [objectCname(bucket, objectName), objectCname(bucket, newName)];
    if (context.settings.json) context.printJson({ from, to });
    else context.print(`${from} renamed to ${to}`);
  });
}

/** A whole URI is taken too, as long as it is of this bucket. */
function nameIn(bucket: Bck, word: string): string {
  if (!isUri(word)) return word;
  const to = parseObjectArgument(word);
  if (bucketCname(to.bucket) === bucketCname(bucket)) return to.objectName;
  throw new UsageError("an object keeps its bucket when it is renamed; to copy it: ais object cp");
}

export function objectSetCustomCommand(runtime: Runtime, parent: Command): void {
  const command = parent
    .command("set-custom")
    .summary("set custom properties of an object")
    .argument("<object>", "BUCKET/OBJECT_NAME")
    .argument("<property...>", "key=value ..., or JSON")
    .option("--set-new-custom", "remove the custom properties that it has");
  runtime.handle<{ readonly setNewCustom?: boolean }>(command, async (context, [word, words], options) => {
    const { bucket, objectName } = parseObjectArgument(String(word));
    const custom = Object.fromEntries(parsePairs([words ?? []].flat()));
    await context.client.objects.setCustom(bucket, objectName, custom, options.setNewCustom === true);
    const name = objectCname(bucket, objectName);
    if (context.settings.json) context.printJson({ object: name, custom });
    else context.print(`Custom props of ${name} successfully updated`);
  });
}

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
    if (files.length === 0) throw new UsageError("no files to append (see --recursive)");
    const totalBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    const forced = options.progress === true;
    const progress = await startProgress(context.io, {
      verb: "Appended",
      items: files.length,
      totalBytes,
      forced,
    });
    const { uploads } = context.client;
    let handle = "";
    try {
      for (const { path, sizeBytes } of files) {
        context.io.signal.throwIfAborted();
        const body = { stream: fileStream(path, progress.bytes), lengthBytes: sizeBytes };
        handle = await uploads.append(bucket, objectName, handle, body);
        progress.item();
      }
    } finally {
      progress.stop();
    }
    await uploads.flush(bucket, objectName, handle);
    const name = objectCname(bucket, objectName);
    if (context.settings.json) context.printJson({ object: name, files: files.length, bytes: totalBytes });
    else context.print(`Appended ${counted(files.length, "file")} (${formatSize(totalBytes)}) to ${name}`);
  });
}

const LOCKS: Readonly<Record<number, string>> = { 200: "unlocked", 202: "read-locked", 423: "write-locked" };

export function checkLockCommand(runtime: Runtime, parent: Command): void {
  const command = parent
    .command("check-lock")
    .summary("show whether objects are locked")
    .argument("<object>", "BUCKET/OBJECT_NAME, or BUCKET with --prefix")
    .option("--prefix <text>", "every object whose name begins with this");
  runtime.handle<{ readonly prefix?: string }>(command, async (context, [word], { prefix }) => {
    const { bucket, objectName } =
      prefix === undefined ? parseObjectArgument(String(word)) : parseUri(String(word));
    if (prefix !== undefined && (objectName !== "" || bucket.name === ""))
      throw new UsageError("--prefix takes a bucket");
    for await (const name of prefix === undefined ? [objectName] : namesUnder(context, bucket, prefix)) {
      const status = await context.client.objects.lockStatus(bucket, name);
      const lock = LOCKS[status] ?? `status ${status}`;
      if (context.settings.json) context.printJson({ object: objectCname(bucket, name), lock });
      else context.print(`${objectCname(bucket, name)}: ${lock}`);
    }
  });
}

async function* namesUnder({ client }: CommandContext, bucket: Bck, prefix: string): AsyncGenerator<string> {
  for await (const { name } of client.objects.list(bucket, { prefix })) yield name;
}
