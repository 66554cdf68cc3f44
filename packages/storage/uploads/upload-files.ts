/**
 * Where the parts of an unfinished upload stand (on-disk-format.ts): `uploads/<id>/` on the mountpath of the object to be,
 * with `upload.json` and one file a part. Nothing is kept in memory, so uploads survive a restart.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { AisError } from "@ais/base/errors.ts";
import { tryLockFile } from "../flock.ts";
import { objectCname } from "../lookup.ts";
import { errnoCode } from "../storage-error.ts";
import type { OpenMountpath, StoreContext } from "../store-context.ts";
import type { CustomMetadata, ObjectKey } from "../types.ts";

export const UPLOADS_DIRECTORY = "uploads";
export const UPLOAD_FILE = "upload.json";
/** After a part's bytes: their XXH64, little-endian. */
export const PART_FOOTER_BYTES = 8;

const UPLOAD_VERSION = 1;
const UPLOAD_ID = /^[A-Za-z0-9]{9,32}$/;
const PART_NAME = /^part-(\d{6})$/;

export interface UploadHead {
  readonly bucketId: bigint;
  readonly objectName: string;
  /** What the object will have. */
  readonly custom: CustomMetadata;
}

export interface FoundUpload {
  readonly mountpath: OpenMountpath;
  readonly directory: string;
  readonly head: UploadHead;
}

export function newUploadId(): string {
  return randomBytes(9).toString("hex");
}

export function uploadDirectory(mountpath: OpenMountpath, uploadId: string): string {
  return join(mountpath.path, UPLOADS_DIRECTORY, uploadId);
}

export function partPath(directory: string, partNumber: number): string {
  return join(directory, `part-${String(partNumber).padStart(6, "0")}`);
}

export function encodeUploadHead({ bucketId, objectName, custom }: UploadHead): string {
  return JSON.stringify({ version: UPLOAD_VERSION, bucketId: String(bucketId), objectName, custom });
}

/** Null when there is none, or when it was made by something newer. */
export function readUploadHead(directory: string): UploadHead | null {
  let text: string;
  try {
    text = readFileSync(join(directory, UPLOAD_FILE), "utf8");
  } catch (error) {
    if (errnoCode(error) === "ENOENT" || errnoCode(error) === "ENOTDIR") return null;
    throw error;
  }
  const { version, bucketId, objectName, custom } = JSON.parse(text) as Record<string, unknown>;
  if (version !== UPLOAD_VERSION) return null;
  return {
    bucketId: BigInt(String(bucketId)),
    objectName: String(objectName),
    custom: custom as CustomMetadata,
  };
}

/** The upload of this object with this id. Throws `notFound`. */
export function requireUpload(context: StoreContext, key: ObjectKey, uploadId: string): FoundUpload {
  for (const mountpath of UPLOAD_ID.test(uploadId) ? context.mountpaths : []) {
    const directory = uploadDirectory(mountpath, uploadId);
    const head = readUploadHead(directory);
    if (head !== null && head.bucketId === key.bucketId && head.objectName === key.objectName) {
      return { mountpath, directory, head };
    }
  }
  throw uploadNotFound(key, uploadId);
}

export function uploadNotFound(key: ObjectKey, uploadId: string): AisError {
  return new AisError("notFound", `upload "${uploadId}" of "${objectCname(key)}" does not exist`);
}

/** Keeps other processes from ending the upload; null when one of them does. Of an upload that has gone it locks nothing. */
export function lockUploadFile(directory: string): Disposable | null {
  try {
    return tryLockFile(join(directory, UPLOAD_FILE));
  } catch (error) {
    if (errnoCode(error) === "ENOENT" || errnoCode(error) === "ENOTDIR") return { [Symbol.dispose]() {} };
    throw error;
  }
}

/** In order. Files that are still being received are not parts yet. */
export async function partNumbers(directory: string): Promise<number[]> {
  const names = await readdir(directory);
  return names
    .flatMap((name) => PART_NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}
