/** The handle of an append (wire-compat 3.6): opaque to clients, but its first item tells proxies where to send the next call. */
import { AisError } from "@ais/base/errors.ts";

export interface AppendHandle {
  readonly nodeId: string;
  readonly uploadId: string;
  readonly checksumType: string;
  /** What was appended so far, in calls: a call that is sent again replaces its first try. */
  readonly partCount: number;
}

const SEPARATOR = "|";

export function formatAppendHandle({ nodeId, uploadId, checksumType, partCount }: AppendHandle): string {
  return [nodeId, uploadId, checksumType, btoa(String(partCount))].join(SEPARATOR);
}

export function parseAppendHandle(text: string): AppendHandle {
  const [nodeId = "", uploadId = "", checksumType = "", state = "", ...rest] = text.split(SEPARATOR);
  const partCount = decodeCount(state);
  if (nodeId === "" || uploadId === "" || partCount === null || rest.length > 0) {
    throw new AisError("badRequest", `invalid append handle ${JSON.stringify(text)}`);
  }
  return { nodeId, uploadId, checksumType, partCount };
}

function decodeCount(state: string): number | null {
  try {
    const text = atob(state);
    return /^\d{1,6}$/.test(text) ? Number(text) : null;
  } catch {
    return null;
  }
}
