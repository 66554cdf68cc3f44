export type ExportOutcome =
  /** The collector answered; it took all but `rejected` spans. `message` may be a warning. */
  | { readonly kind: "taken"; readonly rejected: number; readonly message: string }
  /** May be tried again, after `delayMs` if the collector named a time, else when the back-off says. */
  | { readonly kind: "retry"; readonly error: string; readonly delayMs: number | null }
  /** Trying again is of no use. */
  | { readonly kind: "refused"; readonly error: string };

/** Carries one request to the collector. Neither method rejects. */
export interface Transport {
  export(request: Uint8Array): Promise<ExportOutcome>;
  close(): void;
}

const MAX_ERROR_CHARS = 500;

export function retryLater(error: string, delayMs: number | null = null): ExportOutcome {
  return { kind: "retry", error: error.slice(0, MAX_ERROR_CHARS), delayMs };
}

export function refused(error: string): ExportOutcome {
  return { kind: "refused", error: error.slice(0, MAX_ERROR_CHARS) };
}

export function taken(rejected: number, message: string): ExportOutcome {
  return { kind: "taken", rejected, message: message.slice(0, MAX_ERROR_CHARS) };
}
