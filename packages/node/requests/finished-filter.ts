import { AisError } from "@ais/base/errors.ts";
import { parseDurationMs } from "@ais/base/units.ts";
import { bucketCname, parseObjectUri, validateBucketName } from "@ais/wire/bck.ts";
import { OPERATIONS } from "@ais/wire/operations.ts";
import { QUERY } from "@ais/wire/queries.ts";
import type { Query } from "../call.ts";

/** What of a request decides whether a watcher sees it. */
export interface FinishedFacts {
  readonly operation: string;
  /** Canonical; asked for only when the filter names one. */
  bucket(): string;
  readonly status: number;
  readonly durationMs: number;
}

export type FinishedFilter = (request: FinishedFacts) => boolean;

const STATUS = /^[1-5](?:\d\d|xx)$/;

/** The filter that a query asks for; absent items let everything through. Throws `badRequest`. */
export function finishedFilter(query: Query): FinishedFilter {
  const bucket = given(query, QUERY.traceBucket, parseBucket);
  const operation = given(query, QUERY.traceOperation, parseOperation);
  const status = given(query, QUERY.traceStatus, parseStatus);
  const minDurationMs = given(query, QUERY.traceMinDuration, parseDurationMs);
  return (request) =>
    (operation === null || request.operation === operation) &&
    (status === null || status(request.status)) &&
    (minDurationMs === null || request.durationMs >= minDurationMs) &&
    (bucket === null || request.bucket() === bucket);
}

function given<T>(query: Query, name: string, parse: (text: string) => T): T | null {
  const text = query.get(name);
  return text === null || text === "" ? null : parse(text);
}

function parseBucket(text: string): string {
  const { bucket, objectName } = parseObjectUri(text);
  if (objectName !== "") throw new AisError("badRequest", `invalid bucket "${text}": it names an object`);
  validateBucketName(bucket.name);
  return bucketCname(bucket);
}

function parseOperation(text: string): string {
  if (Object.hasOwn(OPERATIONS, text)) return text;
  throw new AisError("badRequest", `invalid operation "${text}", expecting for example "object.get"`);
}

function parseStatus(text: string): (status: number) => boolean {
  if (!STATUS.test(text))
    throw new AisError("badRequest", `invalid status "${text}", expecting for example "404" or "5xx"`);
  const hundreds = Number(text[0]);
  return text.endsWith("xx")
    ? (status) => Math.floor(status / 100) === hundreds
    : (status) => status === Number(text);
}
