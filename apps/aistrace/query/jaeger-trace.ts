import { must } from "@ais/base/assert.ts";
import type { StoredOrigin, StoredSpan, TraceReader } from "../store/reader.ts";
import { jaegerProcess, jaegerSpan } from "./jaeger-span.ts";
import type { JaegerProcess, JaegerTrace } from "./jaeger-types.ts";

interface NumberedOrigin {
  readonly origin: StoredOrigin;
  readonly processId: string;
}

export function jaegerTrace(reader: TraceReader, num: number, traceId: string): JaegerTrace {
  const spans = reader.spans(num);
  const { origins, processes } = processesOf(reader, spans);
  return {
    traceID: traceId,
    spans: spans.map((span) => {
      const { origin, processId } = must(origins.get(span.origin), "every span's origin was numbered");
      return jaegerSpan(traceId, span, origin, processId);
    }),
    processes,
    warnings: null,
  };
}

/** One process for each resource: two libraries of one program are two origins but one process. */
function processesOf(
  reader: TraceReader,
  spans: readonly StoredSpan[],
): { origins: Map<number, NumberedOrigin>; processes: Record<string, JaegerProcess> } {
  const origins = new Map<number, NumberedOrigin>();
  const processIds = new Map<string, string>();
  const processes: Record<string, JaegerProcess> = {};
  for (const span of spans) {
    if (origins.has(span.origin)) continue;
    const origin = reader.origin(span.origin);
    const process = jaegerProcess(origin);
    const key = JSON.stringify(process);
    const processId = processIds.get(key) ?? `p${processIds.size + 1}`;
    processIds.set(key, processId);
    processes[processId] = process;
    origins.set(span.origin, { origin, processId });
  }
  return { origins, processes };
}
