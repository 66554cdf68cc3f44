import { AisError } from "@ais/base/errors.ts";
import type { Query } from "@ais/node/call.ts";
import { QUERY } from "@ais/wire/queries.ts";

/**
 * Variants of GET and PUT, by the query item that asks for them. Ignoring one would do something else than was asked. Items
 * without a value ask for nothing, as in AIStore, and other calls have no variants.
 */
const VARIANTS: readonly (readonly [name: string, what: string])[] = Object.entries({
  [QUERY.archivePath]: "reading and writing inside archives",
  [QUERY.archiveRegex]: "reading and writing inside archives",
  [QUERY.archiveMode]: "reading and writing inside archives",
  [QUERY.etlName]: "transforming an object",
  etl_pipeline: "transforming an object",
});

/** Throws `unsupported` when the query asks for a variant that this server does not have. */
export function refuseVariants(query: Query): void {
  for (const [name, what] of VARIANTS) {
    if (asksFor(query, name)) throw new AisError("unsupported", `${what} ("${name}") is not supported`);
  }
}

export function asksFor(query: Query, name: string): boolean {
  return (query.get(name) ?? "") !== "";
}
