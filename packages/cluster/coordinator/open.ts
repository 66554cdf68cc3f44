import { AisError } from "@ais/base/errors.ts";
import type { Coordinator } from "./coordinator.ts";
import { openSqliteCoordinator, type SqliteCoordinatorOptions } from "./sqlite/sqlite-coordinator.ts";

export interface OpenCoordinatorOptions {
  readonly sqlite?: SqliteCoordinatorOptions;
}

const SUPPORTED = `"sqlite:/path/to/file.db"`;

/**
 * Opens the coordinator that a URL names. `sqlite:` is followed by an absolute path, taken as it is, without escapes.
 * Errors: `badRequest` for a URL that means nothing, `unsupported` for a store there is no driver for, `unavailable`.
 */
export async function openCoordinator(
  url: string,
  options: OpenCoordinatorOptions = {},
): Promise<Coordinator> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  switch (scheme) {
    case "sqlite":
      return openSqliteCoordinator(sqlitePath(url), options.sqlite);
    case "etcd":
      throw new AisError("unsupported", `coordinator "${url}" is not supported yet, expecting ${SUPPORTED}`);
    default:
      throw new AisError("badRequest", `invalid coordinator "${url}", expecting ${SUPPORTED}`);
  }
}

/** The file of `sqlite:/path` or `sqlite:///path`. Relative paths are refused: each daemon has its own directory. */
function sqlitePath(url: string): string {
  const path = url.slice("sqlite:".length).replace(/^\/\/\//, "/");
  if (!path.startsWith("/") || path.startsWith("//") || path.endsWith("/") || /[?#\0]/.test(path)) {
    throw new AisError(
      "badRequest",
      `invalid coordinator "${url}", expecting an absolute path as in ${SUPPORTED}`,
    );
  }
  return path;
}
