/** `ais object mv`, `set-custom`, and `ais advanced check-lock`. */
import { type Bck, bucketCname, objectCname } from "@ais/wire/bck.ts";
import type { Command } from "commander";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { parsePairs } from "../pairs.ts";
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
