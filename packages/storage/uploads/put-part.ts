/** One part of an upload: received, hashed, checked, whole or not there. */
import { must } from "@ais/base/assert.ts";
import { durableWrite, type FileSink } from "@ais/base/durable-write.ts";
import { AisError } from "@ais/base/errors.ts";
import type { Span } from "@ais/tracing/types.ts";
import { endFailed } from "../failed-span.ts";
import { objectCname } from "../lookup.ts";
import { BodyHashers } from "../receive/body-hashers.ts";
import { BodyReader } from "../receive/body-reader.ts";
import { ChunkWriter } from "../receive/chunk-writer.ts";
import { verifyExpected } from "../receive/expected-checksum.ts";
import { type BodyStart, readBodyStart } from "../receive/inline-body.ts";
import { reportFailure } from "../report-failure.ts";
import { SPAN_ATTRIBUTES, SPAN_NAMES } from "../span-names.ts";
import { errnoCode, isOutOfSpace } from "../storage-error.ts";
import type { StoreContext } from "../store-context.ts";
import type { ObjectBody, ObjectKey, PartOptions } from "../types.ts";
import { PART_FOOTER_BYTES, partPath, requireUpload, uploadNotFound } from "./upload-files.ts";

/** Kept with every part, and compared when the object is put together. */
export const PART_CHECKSUM = "xxhash2";

/** Resolves with the size. A part sent again replaces the one before it. */
export async function putPart(
  context: StoreContext,
  key: ObjectKey,
  uploadId: string,
  partNumber: number,
  body: ObjectBody,
  options: PartOptions,
  parent: Span,
): Promise<number> {
  const action = `put part ${partNumber} of ${objectCname(key)}`;
  const { mountpath, directory } = requireUpload(context, key, uploadId);
  const reader = new BodyReader(body, options.sizeBytes, action);
  const span = parent.child(SPAN_NAMES.fileWrite);
  try {
    mountpath.space.admit(options.sizeBytes ?? 0, action);
    using _memory = context.admission.admitStart(context.limits.inlineObjectBytes);
    // No place is taken for a part before enough of it is there.
    const start = await readBodyStart(reader, context.limits.inlineObjectBytes);
    using _place = await context.admission.admitFile(reader);
    const hashers = await BodyHashers.create(context.hashing, [
      PART_CHECKSUM,
      options.expected?.type ?? "none",
    ]);
    await durableWrite(
      partPath(directory, partNumber),
      (sink) => receive(context, key, { reader, start, hashers }, options, sink),
      { flush: options.durability, faults: context.faults.files },
    );
    if (span.recording) {
      span.set(SPAN_ATTRIBUTES.mountpath, mountpath.path);
      span.set(SPAN_ATTRIBUTES.bytes, reader.receivedBytes);
      span.set(SPAN_ATTRIBUTES.checksumType, PART_CHECKSUM);
    }
    span.end();
    return reader.receivedBytes;
  } catch (error) {
    endFailed(span, error);
    reader.abandon(error);
    if (isOutOfSpace(error)) await mountpath.removal.expedite();
    // The upload ended while its part was on the way.
    if (errnoCode(error) === "ENOENT") throw uploadNotFound(key, uploadId);
    throw reportFailure(context, action, mountpath, error, parent);
  }
}

interface PartReception {
  readonly reader: BodyReader;
  readonly start: BodyStart;
  readonly hashers: BodyHashers;
}

async function receive(
  context: StoreContext,
  key: ObjectKey,
  { reader, start, hashers }: PartReception,
  { expected }: PartOptions,
  sink: FileSink,
): Promise<void> {
  const writer = new ChunkWriter(sink, hashers.hashers, context.pool);
  try {
    for (const piece of start.kind === "whole" ? [start.bytes] : start.pieces) await writer.append(piece);
    for (let piece = await reader.next(); piece !== null; piece = await reader.next()) {
      await writer.append(piece);
    }
    await writer.finish(() => {
      if (reader.receivedBytes === 0) {
        throw new AisError("badRequest", `${objectCname(key)}: put-part invalid size (0)`);
      }
      if (expected !== undefined && expected.type !== "none") {
        verifyExpected(objectCname(key), expected, hashers.checksum(expected.type));
      }
      const footer = Buffer.alloc(PART_FOOTER_BYTES);
      const { value } = must(hashers.checksum(PART_CHECKSUM), "parts are hashed");
      footer.writeBigUInt64LE(BigInt(`0x${value}`));
      return footer;
    });
  } finally {
    await writer.release();
  }
}
