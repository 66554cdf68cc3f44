/** Failures of the command line itself, and how any failure is told to a person. */
import { errorText } from "@ais/base/errors.ts";
import { AisApiError } from "@ais/client/api-error.ts";
import { ConnectionError } from "@ais/client/transport.ts";

/** The command line was wrong: exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The user said no, or pressed Ctrl-C. */
export class CanceledError extends Error {
  override readonly name = "CanceledError";

  constructor() {
    super("operation canceled");
  }
}

export const EXIT = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const;

export function exitStatus(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  return error instanceof CanceledError ? EXIT.interrupted : EXIT.failure;
}

/** What goes after `Error: `. `endpoint` is where the command looked for the cluster. */
export function failureText(error: unknown, endpoint: string): string {
  if (error instanceof AisApiError) return apiFailureText(error, endpoint);
  if (!(error instanceof ConnectionError)) return errorText(error);
  const { origin } = new URL(error.url);
  const code = error.code === "" ? "" : ` (${error.code})`;
  // A redirect may lead to a node that has just gone: the endpoint is right then.
  if (origin !== endpoint) return `the node at ${origin} does not answer${code}, see: ais show cluster`;
  return [
    `no AIStore cluster answers at ${origin}${code}`,
    `Is it running? ${OTHER_ENDPOINT}`,
    "   export AIS_ENDPOINT=http://localhost:8080",
  ].join("\n");
}

const OTHER_ENDPOINT =
  "To reach another one, set AIS_ENDPOINT, or --endpoint, to the URL of any of its proxies:";
/** The page of some other program can be long. */
const STRANGERS_TEXT_MAX_CHARS = 200;

/** Every node signs its errors with its name, except where the wire has a plain text (405) or nothing (503 at a start). */
function apiFailureText(error: AisApiError, endpoint: string): string {
  const { origin } = new URL(error.url);
  if (origin !== endpoint) return error.message;
  if (error.node.startsWith("t[")) {
    return `${error.message}\n${endpoint} is the target ${error.node}: commands go to a proxy. ${OTHER_ENDPOINT}\n   export AIS_ENDPOINT=http://localhost:8080`;
  }
  if (error.node !== "" || error.status === 405 || error.status === 503) return error.message;
  const [line = ""] = error.message.slice(0, STRANGERS_TEXT_MAX_CHARS).split("\n", 1);
  return `${endpoint} does not answer as an AIStore proxy does (HTTP status ${error.status}): ${line}\n${OTHER_ENDPOINT}\n   export AIS_ENDPOINT=http://localhost:8080`;
}
