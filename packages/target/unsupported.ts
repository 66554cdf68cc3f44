import { AisError } from "@ais/base/errors.ts";
import type { Query } from "@ais/node/call.ts";
import { QUERY } from "@ais/wire/queries.ts";

/** Variants of object calls, by the query item that asks for them. Ignoring one would do something else than was asked. */
const VARIANTS: readonly (readonly [name: string, what: string])[] = Object.entries({
  [QUERY.objectTo]: "copying an object",
  [QUERY.appendType]: "appending to an object",
  [QUERY.appendHandle]: "appending to an object",
  [QUERY.archivePath]: "reading and writing inside archives",
  [QUERY.archiveRegex]: "reading and writing inside archives",
  [QUERY.uploadId]: "multipart upload",
  [QUERY.uploads]: "multipart upload",
  [QUERY.partNumber]: "multipart upload",
  [QUERY.etlName]: "transforming an object",
  etl_pipeline: "transforming an object",
});

/** Throws `unsupported` when the query asks for a variant that this server does not have. */
export function refuseVariants(query: Query): void {
  for (const [name, what] of VARIANTS) {
    if (query.get(name) !== null) throw new AisError("unsupported", `${what} ("${name}") is not supported`);
  }
}
