/** The edge where whatever a handler threw becomes a reply (wire-compat 0.2); nowhere else builds error bodies. */
import { AisError } from "@ais/base/errors.ts";
import { encodeErrorBody, encodeErrorHeader, errorBody } from "@ais/wire/error-body.ts";
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import { nodeName } from "@ais/wire/smap.ts";
import type { NodeFacts } from "./facts.ts";
import type { HttpReply, HttpRequest } from "./http/types.ts";
import { emptyReply, textReply } from "./replies.ts";

const RETRY_AFTER_SECONDS = "1";

/** An error of the catalogue as it is; anything else hides behind a text that gives nothing away. */
export function toAisError(thrown: unknown): AisError {
  return thrown instanceof AisError ? thrown : new AisError("internal", "internal error", { cause: thrown });
}

/** Of a body that came too slowly nobody reads the rest, and who is refused for the load is told when to come back. */
function ownHeaders({ status, headers }: AisError): [string, string][] {
  const own = Object.entries(headers);
  if (status === 408) own.push(["Connection", "close"]);
  if ((status === 429 || status === 503) && headers["Retry-After"] === undefined)
    own.push(["Retry-After", RETRY_AFTER_SECONDS]);
  return own;
}

export function errorReply(error: AisError, request: HttpRequest, facts: NodeFacts): HttpReply {
  const own = ownHeaders(error);
  if (error.code === "methodNotAllowed") return textReply(error.message, own, error.status);
  const body = errorBody(error, {
    method: request.method,
    urlPath: request.rawPath,
    remoteAddress: request.remoteAddress,
    caller: request.header("ais-caller-id") ?? "",
    node: nodeName({ daemon_type: facts.role, daemon_id: facts.id }),
  });
  if (request.method === "HEAD")
    return emptyReply(error.status, [[HEADERS.error, encodeErrorHeader(body)], ...own]);
  return {
    status: error.status,
    headers: [
      [HEADERS.contentType, CONTENT_TYPES.errorJson],
      [HEADERS.contentTypeOptions, "nosniff"],
      ...own,
    ],
    body: encodeErrorBody(body),
  };
}
