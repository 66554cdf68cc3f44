import { AisError, errorText, isAisError } from "@ais/base/errors.ts";

const FULL_DISK_CODES = new Set(["ENOSPC", "EDQUOT"]);
/** LMDB reports operating system errors by number and its own by name. */
const ENOSPC_NUMBER = 28;
const MDB_MAP_FULL = -30792;

export function isOutOfSpace(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (isAisError(error, "outOfSpace")) return true;
  const { code } = error as Error & { code?: unknown };
  if (typeof code === "string") return FULL_DISK_CODES.has(code);
  return (
    code === ENOSPC_NUMBER ||
    code === MDB_MAP_FULL ||
    /MDB_MAP_FULL|No space left on device/.test(error.message)
  );
}

/** Whatever went wrong below, as a failure of the catalogue. `action` is shown to the caller, the cause is not. */
export function toStorageError(action: string, error: unknown): AisError {
  if (isAisError(error)) return error;
  if (isOutOfSpace(error)) {
    return new AisError("outOfSpace", `failed to ${action}: no space left on the device`, { cause: error });
  }
  return new AisError("internal", `failed to ${action}`, { cause: error });
}

/** Error code of the operating system, such as `ENOENT`; empty when it is something else. */
export function errnoCode(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === "string" ? code : "";
}

/** For log lines: the text with the causes under it. */
export function errorChainText(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? errorText(error) : `${errorText(error)}: ${errorChainText(cause)}`;
}
