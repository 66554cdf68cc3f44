import { AisError } from "@ais/base/errors.ts";
import { readBody } from "../receive/body.ts";
import { MAX_FILE_BYTES } from "../receive/limits.ts";
import type { QueryContext } from "./context.ts";
import type { OwnStored } from "./own-types.ts";
import { jsonReply } from "./replies.ts";

export const TRACE_FILES_PATH = "/api/aistrace/traces";

/**
 * `POST /api/aistrace/traces`: stores a saved trace, JSON of Jaeger or OTLP. The media type is asked for because no page of
 * another origin can send it without being let.
 */
export async function storeTraceFile(context: QueryContext, request: Request): Promise<Response> {
  const mediaType = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (mediaType !== "application/json")
    throw new AisError("badRequest", "a file of traces is sent as content-type application/json");
  const bytes = await readBody(request, false, MAX_FILE_BYTES, context.receiving);
  const { stored, refused, reason, traceIds } = await context.ingest.submit("file", bytes);
  const body: OwnStored = { traceIDs: traceIds, stored, refused, reason };
  return jsonReply(body);
}
