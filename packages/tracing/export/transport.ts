import { errorText } from "@ais/base/errors.ts";
import { decodeExportResponse } from "../otlp/response.ts";

export type ExportOutcome =
  /** The collector answered; it took all but `rejected` spans. `message` may be a warning. */
  | { readonly kind: "taken"; readonly rejected: number; readonly message: string }
  /** May be tried again, after `delayMs` if the collector named a time, else when the back-off says. */
  | { readonly kind: "retry"; readonly error: string; readonly delayMs: number | null }
  /** Trying again is of no use. */
  | { readonly kind: "refused"; readonly error: string };

/** Carries one request to the collector, which is `parts` one after the other. Neither method rejects. */
export interface Transport {
  export(parts: readonly Uint8Array[]): Promise<ExportOutcome>;
  close(): void;
}

const MAX_ERROR_CHARS = 500;

export function retryLater(error: string, delayMs: number | null = null): ExportOutcome {
  return { kind: "retry", error: error.slice(0, MAX_ERROR_CHARS), delayMs };
}

export function refused(error: string): ExportOutcome {
  return { kind: "refused", error: error.slice(0, MAX_ERROR_CHARS) };
}

/** A reply that cannot be read is still an OK reply: the spans are taken. */
export function takenOutcome(response: Uint8Array): ExportOutcome {
  try {
    const { rejectedSpans, message } = decodeExportResponse(response);
    return taken(rejectedSpans, message);
  } catch (error) {
    return taken(0, errorText(error));
  }
}

function taken(rejected: number, message: string): ExportOutcome {
  return { kind: "taken", rejected, message: message.slice(0, MAX_ERROR_CHARS) };
}
