import { errorText } from "@ais/base/errors.ts";
import type { HttpReply } from "../http/types.ts";

export function text(body: string, status = 200): HttpReply {
  return { status, headers: [["Content-Type", "text/plain"]], body };
}

/** The reply of `work`, or 400 with the text of what it threw. */
export async function echoError(work: () => Promise<HttpReply>): Promise<HttpReply> {
  try {
    return await work();
  } catch (error) {
    return text(errorText(error), 400);
  }
}
