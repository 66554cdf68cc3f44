/** `ais object multipart-upload`, which is also `ais mpu`: an object in parts, one command each. */
import { stat } from "node:fs/promises";
import { objectCname } from "@ais/wire/bck.ts";
import type { Command } from "commander";
import type { Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { fileStream } from "../file-stream.ts";
import { parsePositiveCount } from "../option-values.ts";
import { startProgress } from "../output/progress.ts";
import { formatSize } from "../output/units.ts";
import { parseObjectArgument } from "../uri.ts";

const OBJECT = "BUCKET/OBJECT_NAME";

interface PartOptions {
  readonly uploadId?: string;
  readonly partNumber?: number;
  readonly progress?: boolean;
}

export function multipartUploadCommand(runtime: Runtime, parent: Command, name: string): void {
  const group = parent.command(name).summary("upload an object in parts");
  createCommand(runtime, group);
  putPartCommand(runtime, group);
  completeCommand(runtime, group);
  abortCommand(runtime, group);
}

function createCommand(runtime: Runtime, group: Command): void {
  const command = group.command("create").summary("begin an upload").argument("<object>", OBJECT);
  runtime.handle(command, async (context, [word]) => {
    const { bucket, objectName } = parseObjectArgument(String(word));
    const id = await context.client.uploads.create(bucket, objectName);
    if (context.settings.json) context.printJson({ object: objectCname(bucket, objectName), upload: id });
    else context.print(id);
  });
}

function putPartCommand(runtime: Runtime, group: Command): void {
  const command = withUploadId(
    group.command("put-part").summary("upload a part").argument("<object>", OBJECT),
  )
    .argument("[operand...]", "UPLOAD_ID PART_NUMBER FILE, where no option gives the first two")
    .option("--part-number <number>", "from 1", parsePositiveCount)
    .option("--progress", "show a progress bar");
  runtime.handle<PartOptions>(command, async (context, [word, operands], options) => {
    const { bucket, objectName } = parseObjectArgument(String(word));
    const rest = [operands ?? []].flat();
    const uploadId = options.uploadId ?? operand(rest, "UPLOAD_ID");
    const number = options.partNumber ?? partNumber(operand(rest, "PART_NUMBER"));
    const path = operand(rest, "FILE");
    refuseMore(rest);
    const { size } = await stat(path);
    const plan = { verb: "Uploaded", items: 1, totalBytes: size, forced: options.progress === true };
    const progress = await startProgress(context.io, plan);
    try {
      const body = { stream: fileStream(path, progress.bytes), lengthBytes: size };
      await context.client.uploads.putPart(bucket, objectName, { uploadId, number }, body);
      progress.item();
    } finally {
      progress.stop();
    }
    const name = objectCname(bucket, objectName);
    if (context.settings.json)
      context.printJson({ object: name, upload: uploadId, part: number, bytes: size });
    else context.print(`Uploaded part ${number} (${formatSize(size, context.settings.units)}) of ${name}`);
  });
}

function completeCommand(runtime: Runtime, group: Command): void {
  const command = withUploadId(
    group.command("complete").summary("make the object of its parts").argument("<object>", OBJECT),
  )
    .argument("[operand...]", "UPLOAD_ID PART_NUMBERS, where no option gives them")
    .option("--part-numbers <numbers>", "comma-separated, such as 1,2,3");
  runtime.handle<{ readonly uploadId?: string; readonly partNumbers?: string }>(
    command,
    async (context, [word, operands], options) => {
      const { bucket, objectName } = parseObjectArgument(String(word));
      const rest = [operands ?? []].flat();
      const uploadId = options.uploadId ?? operand(rest, "UPLOAD_ID");
      const numbers = (options.partNumbers ?? operand(rest, "PART_NUMBERS")).split(",").map(partNumber);
      refuseMore(rest);
      await context.client.uploads.complete(bucket, objectName, uploadId, numbers);
      const name = objectCname(bucket, objectName);
      if (context.settings.json) context.printJson({ object: name, parts: numbers.length });
      else context.print(`Completed ${name} of ${numbers.length} parts`);
    },
  );
}

function abortCommand(runtime: Runtime, group: Command): void {
  const command = withUploadId(
    group.command("abort").summary("give an upload up").argument("<object>", OBJECT),
  ).argument("[operand...]", "UPLOAD_ID, where no option gives it");
  runtime.handle<{ readonly uploadId?: string }>(command, async (context, [word, operands], options) => {
    const { bucket, objectName } = parseObjectArgument(String(word));
    const rest = [operands ?? []].flat();
    const uploadId = options.uploadId ?? operand(rest, "UPLOAD_ID");
    refuseMore(rest);
    await context.client.uploads.abort(bucket, objectName, uploadId);
    if (context.settings.json) context.printJson({ aborted: uploadId });
    else context.print(`Aborted upload ${uploadId} of ${objectCname(bucket, objectName)}`);
  });
}

function withUploadId(command: Command): Command {
  return command.option("--upload-id <id>", 'what "create" printed');
}

/** Takes the next operand. */
function operand(rest: (string | undefined)[], name: string): string {
  const value = rest.shift();
  if (value === undefined) throw new UsageError(`missing ${name}`);
  return value;
}

function refuseMore(rest: readonly (string | undefined)[]): void {
  if (rest.length > 0) throw new UsageError(`"${rest[0]}" is one operand too many`);
}

function partNumber(text: string): number {
  const number = Number(text.trim());
  if (!/^\d+$/.test(text.trim()) || number < 1) throw new UsageError(`"${text}" is no part number`);
  return number;
}
