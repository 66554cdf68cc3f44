import type { CommandContext } from "../context.ts";
import { UsageError } from "../errors.ts";
import { JaegerClient, type Trace } from "./jaeger.ts";

/** Of a search or of one trace; a long one takes its time. */
export const TRACE_QUERY_DEADLINE_MS = 10_000;

/** Checks what stands for a trace on the command line before anybody is asked. */
export function parseTraceId(argument: unknown): string {
  const traceId = String(argument).toLowerCase();
  if (!/^[0-9a-f]{1,32}$/.test(traceId))
    throw new UsageError(`invalid trace id "${argument}", expecting 32 hexadecimal digits`);
  return traceId;
}

/** The trace with this id from the backend. Throws when it has none. */
export async function findTrace({ settings }: CommandContext, traceId: string): Promise<Trace> {
  const jaeger = new JaegerClient(settings.traceEndpoint, TRACE_QUERY_DEADLINE_MS);
  const spans = await jaeger.trace(traceId.padStart(32, "0"));
  if (spans === null)
    throw new Error(
      `trace "${traceId}" not found at ${jaeger.endpoint}; spans arrive a second or two after their request`,
    );
  return spans;
}
