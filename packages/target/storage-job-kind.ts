import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import { STORAGE_JOBS, type StorageJobKind } from "@ais/wire/storage-report.ts";

/** The job that the path names. Throws `badRequest` for any other. */
export function storageJobKind({ rest }: Call): StorageJobKind {
  const [name = "", ...more] = rest;
  const kind = STORAGE_JOBS.find((known) => known === name);
  if (kind !== undefined && more.length === 0) return kind;
  throw new AisError(
    "badRequest",
    `invalid storage job "${rest.join("/")}", expecting one of: ${STORAGE_JOBS.join(", ")}`,
  );
}
