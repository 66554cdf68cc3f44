import { AisError, errorText } from "@ais/base/errors.ts";

/** Extended result codes such as `SQLITE_BUSY_RECOVERY` start with the plain one. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED");
}

/**
 * What a caller sees of a failed SQLite call: always `unavailable`, with a reason that names no path, since the text can
 * end in a reply. The cause has the details.
 */
export function unavailable(action: string, cause: unknown): AisError {
  return new AisError("unavailable", `failed to ${action}: ${reasonOf(cause)}`, { cause });
}

/** Everything thrown inside an operation: errors of our own pass, SQLite's and the file system's are converted. */
export function toOperationError(action: string, error: unknown): Error {
  if (error instanceof Error && sqliteCode(error) === "" && !isSystemError(error)) return error;
  return unavailable(action, error);
}

const REASONS: readonly (readonly [prefix: string, reason: string])[] = [
  ["SQLITE_BUSY", "the coordinator database stayed locked by another process"],
  ["SQLITE_LOCKED", "the coordinator database stayed locked"],
  ["SQLITE_FULL", "no space left for the coordinator database"],
  ["SQLITE_READONLY", "the coordinator database is read-only"],
  ["SQLITE_CANTOPEN", "the coordinator database cannot be opened"],
  ["SQLITE_NOTADB", "the coordinator database is damaged or not a database"],
  ["SQLITE_CORRUPT", "the coordinator database is damaged"],
  ["SQLITE_IOERR", "the coordinator database cannot be read or written"],
];

function reasonOf(cause: unknown): string {
  const code = sqliteCode(cause);
  for (const [prefix, reason] of REASONS) if (code.startsWith(prefix)) return reason;
  if (code !== "") return `the coordinator database answered ${code}`;
  return isSystemError(cause)
    ? `the coordinator database cannot be reached (${cause.code})`
    : errorText(cause);
}

function sqliteCode(error: unknown): string {
  if (!(error instanceof Error) || error.name !== "SQLiteError") return "";
  return "code" in error && typeof error.code === "string" ? error.code : "SQLITE_ERROR";
}

function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "syscall" in error && "code" in error && typeof error.code === "string";
}
