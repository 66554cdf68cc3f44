/** Objects that arrive in parts: begun, filled, and put together or given up. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { durableWriteBytes, syncDirectory } from "@ais/base/durable-write.ts";
import { AisError } from "@ais/base/errors.ts";
import type { Span } from "@ais/tracing/types.ts";
import { withSpan } from "../failed-span.ts";
import { streamOfPieces } from "../files/file-stream.ts";
import { homeOf, objectCname } from "../lookup.ts";
import { putObject } from "../operations/put.ts";
import { reportFailure } from "../report-failure.ts";
import { SPAN_ATTRIBUTES, SPAN_NAMES } from "../span-names.ts";
import type { StoreContext } from "../store-context.ts";
import type {
  CompleteOptions,
  CustomMetadata,
  Durability,
  ObjectAttributes,
  ObjectKey,
  ObjectUploads,
} from "../types.ts";
import { putPart } from "./put-part.ts";
import { partPieces, readPartEnds } from "./read-parts.ts";
import { sweepUploads } from "./sweep-uploads.ts";
import {
  encodeUploadHead,
  lockUploadFile,
  newUploadId,
  partNumbers,
  requireUpload,
  UPLOAD_FILE,
  UPLOADS_DIRECTORY,
  uploadDirectory,
} from "./upload-files.ts";

export function createUploads(context: StoreContext): ObjectUploads {
  /** Uploads that are being ended, one way or the other, or get a part. */
  const ending = new Set<string>();
  const requireIdle = (uploadId: string, key: ObjectKey): void => {
    if (ending.has(uploadId)) throw uploadEnding(key, uploadId);
  };
  const exclusively = async <T>(uploadId: string, key: ObjectKey, work: () => Promise<T>): Promise<T> => {
    requireIdle(uploadId, key);
    ending.add(uploadId);
    try {
      using _everywhere = context.isShared ? lockUpload(context, key, uploadId) : null;
      return await work();
    } finally {
      ending.delete(uploadId);
    }
  };
  return {
    create: (key, custom, durability, span) => createUpload(context, key, custom, durability, span),
    putPart: async (key, uploadId, partNumber, body, options, span) => {
      requireIdle(uploadId, key);
      // Another process may be ending it, which then has the lock.
      if (context.isShared) lockUpload(context, key, uploadId)[Symbol.dispose]();
      return putPart(context, key, uploadId, partNumber, body, options, span);
    },
    complete: (key, uploadId, options, span) =>
      exclusively(uploadId, key, () => completeUpload(context, key, uploadId, options, span)),
    // Its span begins before the upload is found and locked: most of the time goes into looking at files.
    abort: (key, uploadId, span) =>
      withSpan(span, SPAN_NAMES.uploadRemove, () =>
        exclusively(uploadId, key, () => removeUpload(requireUpload(context, key, uploadId).directory)),
      ),
    sweep: (liveBucketIds, span) =>
      withSpan(span, SPAN_NAMES.uploadSweep, async (sweep) => {
        const removed = await sweepUploads(context, liveBucketIds, ending);
        sweep.set(SPAN_ATTRIBUTES.uploads, removed);
        return removed;
      }),
  };
}

/** Throws `notFound`, and `conflict` while another process ends the upload. */
function lockUpload(context: StoreContext, key: ObjectKey, uploadId: string): Disposable {
  const lock = lockUploadFile(requireUpload(context, key, uploadId).directory);
  if (lock === null) throw uploadEnding(key, uploadId);
  return lock;
}

function uploadEnding(key: ObjectKey, uploadId: string): AisError {
  return new AisError("conflict", `upload "${uploadId}" of "${objectCname(key)}" is being completed`);
}

async function createUpload(
  context: StoreContext,
  key: ObjectKey,
  custom: CustomMetadata,
  durability: Durability,
  span: Span,
): Promise<string> {
  const mountpath = homeOf(context, key);
  const action = `begin an upload of ${objectCname(key)}`;
  mountpath.space.admit(0, action);
  const uploadId = newUploadId();
  const directory = uploadDirectory(mountpath, uploadId);
  const { bucketId, objectName } = key;
  try {
    await withSpan(span, SPAN_NAMES.uploadBegin, async (begin) => {
      begin.set(SPAN_ATTRIBUTES.mountpath, mountpath.path);
      await mkdir(directory, { recursive: true });
      await durableWriteBytes(
        join(directory, UPLOAD_FILE),
        encodeUploadHead({ bucketId, objectName, custom }),
        { flush: durability, faults: context.faults.files },
      );
      if (durability === "fsync") await syncDirectory(join(mountpath.path, UPLOADS_DIRECTORY));
    });
    return uploadId;
  } catch (error) {
    throw reportFailure(context, action, mountpath, error, span);
  }
}

/**
 * One PUT whose body is the parts: it appears as a whole or not at all, and its checksum is that of the whole. Should the
 * process die after that and before the parts are removed, the upload can be completed once more, to the same object.
 */
async function completeUpload(
  context: StoreContext,
  key: ObjectKey,
  uploadId: string,
  { check, isMultipart, put }: CompleteOptions,
  span: Span,
): Promise<ObjectAttributes> {
  const { directory, head, mountpath } = requireUpload(context, key, uploadId);
  try {
    const parts = await withSpan(span, SPAN_NAMES.uploadCheck, async (checking) => {
      const numbers = await partNumbers(directory);
      checking.set(SPAN_ATTRIBUTES.parts, numbers.length);
      check(numbers);
      return readPartEnds(directory, numbers);
    });
    const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
    const largestBytes = parts.reduce((most, part) => Math.max(most, part.sizeBytes), 0);
    const made = isMultipart ? { parts: { count: parts.length, largestBytes } } : {};
    const body = streamOfPieces(partPieces(parts, context.hashing));
    const attributes = await putObject(
      context,
      key,
      body,
      { ...put, ...made, sizeBytes, custom: head.custom },
      span,
    );
    await withSpan(span, SPAN_NAMES.uploadRemove, () => removeUpload(directory));
    return attributes;
  } catch (error) {
    throw reportFailure(context, `complete an upload of ${objectCname(key)}`, mountpath, error, span);
  }
}

/** The head goes first: without it there is no upload, and what is left is removed by the next sweep. */
async function removeUpload(directory: string): Promise<void> {
  await rm(join(directory, UPLOAD_FILE), { force: true });
  await rm(directory, { recursive: true, force: true });
}
