/** `intra.trace-tail`: the requests that finish on this node, as lines of JSON. */
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import type { Call, NodeServices } from "./call.ts";
import type { HttpReply } from "./http/types.ts";
import { finishedFilter } from "./requests/finished-filter.ts";
import { nodeTail } from "./requests/node-tail.ts";

export function intraTraceTail({ query, request }: Call, services: NodeServices): HttpReply {
  return linesReply(nodeTail(services, finishedFilter(query), request.rawQuery));
}

export function linesReply(stream: ReadableStream<Uint8Array>): HttpReply {
  return {
    status: 200,
    headers: [
      [HEADERS.contentType, CONTENT_TYPES.lines],
      [HEADERS.cacheControl, "no-store"],
    ],
    body: { kind: "stream", stream },
  };
}
