/** Bucket and object arguments of commands. */
import { AisError } from "@ais/base/errors.ts";
import { type Bck, bucketCname, type ParsedUri, parseObjectUri } from "@ais/wire/bck.ts";
import { UsageError } from "./errors.ts";

/** Whether an argument names a bucket rather than a file. */
export function isUri(argument: string): boolean {
  return /^[a-z0-9]+:\/\//i.test(argument);
}

/** `ais://nnn`, `ais://nnn/dir/obj`; `ais:` and `ais://` have no bucket name. */
export function parseUri(argument: string): ParsedUri {
  const text = /^[a-z0-9]+:\/?$/i.test(argument) ? `${argument.replace(/\/$/, "")}//` : argument;
  if (!isUri(text)) {
    throw new UsageError(
      `invalid bucket "${argument}", expecting a provider and a name such as "ais://${argument}"`,
    );
  }
  try {
    return parseObjectUri(text);
  } catch (error) {
    throw error instanceof AisError ? new UsageError(error.message) : error;
  }
}

export function parseBucketUri(argument: string): Bck {
  const { bucket, objectName } = parseUri(argument);
  if (bucket.name === "") throw new UsageError(`missing bucket name in "${argument}"`);
  if (objectName.replace(/\/+$/, "") !== "") {
    throw new UsageError(`expecting a bucket, got object "${objectName}" in ${bucketCname(bucket)}`);
  }
  return bucket;
}

export function parseObjectArgument(argument: string): ParsedUri {
  const parsed = parseUri(argument);
  if (parsed.bucket.name === "") throw new UsageError(`missing bucket name in "${argument}"`);
  if (parsed.objectName === "") {
    throw new UsageError(
      `missing object name in "${argument}", expecting ${bucketCname(parsed.bucket)}/OBJECT_NAME`,
    );
  }
  return parsed;
}
