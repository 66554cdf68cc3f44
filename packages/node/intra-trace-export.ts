/** `intra.trace-export`: another node exports traces that were not sampled and asks for this node's part of them. */
import { AisError } from "@ais/base/errors.ts";
import type { Call, NodeServices } from "./call.ts";
import type { HttpReply } from "./http/types.ts";
import { emptyReply } from "./replies.ts";
import { BATCH_TRACES_MAX } from "./requests/tail-notices.ts";

const BODY_MAX_BYTES = 64 * 1024;
const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;

export async function intraTraceExport(
  { request }: Call,
  { tracing, workers }: NodeServices,
): Promise<HttpReply> {
  const traces = parseTraces(new TextDecoder().decode(await request.bytes(BODY_MAX_BYTES)));
  tracing.exportTraces(traces, workers.count > 0);
  workers.exportTraces(traces);
  return emptyReply();
}

function parseTraces(text: string): readonly string[] {
  const traces = readTraces(text);
  if (!Array.isArray(traces) || traces.length > BATCH_TRACES_MAX)
    throw new AisError(
      "badRequest",
      `invalid traces: expecting a list of at most ${BATCH_TRACES_MAX} trace ids`,
    );
  return traces.map((id: unknown) => {
    if (typeof id === "string" && TRACE_ID.test(id)) return id;
    throw new AisError("badRequest", "invalid trace id: expecting 32 lower-case hexadecimal digits");
  });
}

function readTraces(text: string): unknown {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === "object" && message !== null && "traces" in message
      ? message.traces
      : undefined;
  } catch (cause) {
    throw new AisError("badRequest", "invalid traces: expecting JSON", { cause });
  }
}
