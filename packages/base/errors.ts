import type { LimitName } from "./limits.ts";

/**
 * The error catalogue. An error is thrown where it is found, carries its code, and is turned into a reply once,
 * at the edge (wire-compat 0.2). Texts that clients parse are built by the functions in `@ais/wire/error-texts.ts`.
 */
export const ERROR_CODES = {
  badRequest: { status: 400, tcode: "", logLevel: "debug" },
  invalidProvider: { status: 400, tcode: "ErrInvalidBackendProvider", logLevel: "debug" },
  notRemoteBucket: { status: 400, tcode: "ErrNotRemoteBck", logLevel: "debug" },
  unauthorized: { status: 401, tcode: "", logLevel: "info" },
  forbidden: { status: 403, tcode: "", logLevel: "info" },
  accessDenied: { status: 403, tcode: "ErrBucketAccessDenied", logLevel: "info" },
  notFound: { status: 404, tcode: "ErrNotFound", logLevel: "debug" },
  bucketNotFound: { status: 404, tcode: "ErrBckNotFound", logLevel: "debug" },
  remoteBucketNotFound: { status: 404, tcode: "ErrRemoteBckNotFound", logLevel: "debug" },
  nodeNotFound: { status: 404, tcode: "errNodeNotFound", logLevel: "debug" },
  methodNotAllowed: { status: 405, tcode: "", logLevel: "debug" },
  requestTimeout: { status: 408, tcode: "", logLevel: "debug" },
  conflict: { status: 409, tcode: "ErrBusy", logLevel: "debug" },
  bucketExists: { status: 409, tcode: "ErrBucketAlreadyExists", logLevel: "debug" },
  tooLarge: { status: 413, tcode: "", logLevel: "debug" },
  rangeNotSatisfiable: { status: 416, tcode: "ErrRangeNotSatisfiable", logLevel: "debug" },
  tooManyRequests: { status: 429, tcode: "ErrTooManyRequests", logLevel: "warn" },
  checksumMismatch: { status: 500, tcode: "ErrBadCksum", logLevel: "warn" },
  internal: { status: 500, tcode: "", logLevel: "error" },
  unsupported: { status: 501, tcode: "ErrUnsupp", logLevel: "debug" },
  unavailable: { status: 503, tcode: "", logLevel: "warn" },
  outOfSpace: { status: 507, tcode: "ErrCapExceeded", logLevel: "warn" },
} as const satisfies Record<string, ErrorCodeEntry>;

interface ErrorCodeEntry {
  readonly status: number;
  /** Go error type name in the error body; empty means the field is left out. */
  readonly tcode: string;
  readonly logLevel: "debug" | "info" | "warn" | "error";
}

export type ErrorCode = keyof typeof ERROR_CODES;

export interface AisErrorOptions {
  /** The limit that was met, of `LIMITS`. */
  readonly limit?: LimitName;
  readonly cause?: unknown;
  /** Reply headers that belong to this failure, such as `Content-Range` with 416. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A failure with a place in the catalogue. `message` is shown to the caller, so it never carries internals. */
export class AisError extends Error {
  override readonly name = "AisError";
  readonly code: ErrorCode;
  readonly headers: Readonly<Record<string, string>>;
  /** Null unless a limit was met. */
  readonly limit: LimitName | null;

  constructor(code: ErrorCode, message: string, options: AisErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.headers = options.headers ?? {};
    this.limit = options.limit ?? null;
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }
}

export function isAisError(error: unknown, code?: ErrorCode): error is AisError {
  return error instanceof AisError && (code === undefined || error.code === code);
}

/** The text of anything thrown, for logs. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
