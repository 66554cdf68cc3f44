/** Errors whose texts clients parse (wire-compat 0.2): each names the bucket or object canonically. */
import { AisError } from "@ais/base/errors.ts";
import { type Bck, bucketCname, objectCname } from "./bck.ts";

/** An ais bucket or a remote one, each with the error type that clients check. */
export function bucketNotFound(bucket: Bck): AisError {
  const remote = bucket.provider !== "ais" || bucket.namespace.uuid !== "";
  return new AisError(
    remote ? "remoteBucketNotFound" : "bucketNotFound",
    `bucket "${bucketCname(bucket)}" does not exist`,
  );
}

export function bucketAlreadyExists(bucket: Bck): AisError {
  return new AisError("bucketExists", `bucket "${bucketCname(bucket)}" already exists`);
}

/** Of an action that makes sense with a remote bucket only. */
export function notRemoteBucket(action: string, bucket: Bck): AisError {
  return new AisError("notRemoteBucket", `${action}: expecting remote bucket (have ${bucketCname(bucket)})`);
}

export function objectNotFound(bucket: Bck, objectName: string): AisError {
  return new AisError("notFound", `object "${objectCname(bucket, objectName)}" does not exist`);
}

/** Of native multipart upload (wire-compat 3.8). */
export function emptyPart(bucket: Bck, objectName: string): AisError {
  return new AisError("badRequest", `${objectCname(bucket, objectName)}: put-part invalid size (0)`);
}

export function noParts(bucket: Bck, objectName: string): AisError {
  return new AisError("badRequest", `${objectCname(bucket, objectName)}: cannot complete, no chunks`);
}

export function partialCompletion(requestedCount: number, haveCount: number): AisError {
  return new AisError(
    "badRequest",
    `partial completion is not allowed: requested ${requestedCount} parts, have ${haveCount}`,
  );
}

/** The text for deleting what is not there. */
export function objectToDeleteNotFound(bucket: Bck, objectName: string): AisError {
  return new AisError("notFound", `object "${objectCname(bucket, objectName)}" doesn't exist`);
}

export function badChecksum(objectName: string, expected: string, actual: string): AisError {
  return new AisError(
    "checksumMismatch",
    `bad checksum of "${objectName}": got ${actual}, expected ${expected}`,
  );
}

export function rangeNotSatisfiable(range: string, sizeBytes: number): AisError {
  return new AisError("rangeNotSatisfiable", `range "${range}" is not satisfiable, size is ${sizeBytes}`, {
    headers: { "Content-Range": `bytes */${sizeBytes}` },
  });
}

export function nodeNotFound(id: string): AisError {
  return new AisError("nodeNotFound", `node "${id}" does not exist in the cluster map`);
}

export function missingNodeId(): AisError {
  return new AisError("badRequest", "missing node ID");
}

export function unknownAction(action: string): AisError {
  return new AisError("badRequest", `unknown action "${action}"`);
}

export function unrecognizedWhat(what: string): AisError {
  return new AisError("badRequest", `unrecognized what="${what}"`);
}

export function invalidRequestUri(method: string, path: string): AisError {
  return new AisError("badRequest", `invalid request URI: ${method} ${path}`);
}

export function urlTooShort(path: string): AisError {
  return new AisError("badRequest", `invalid URL "${path}": the URL is too short`);
}

export function expectedRedirect(method: string, path: string): AisError {
  return new AisError("badRequest", `${method} ${path} is expected to be redirected by a proxy`);
}
