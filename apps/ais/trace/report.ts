/** The end of a command under `--trace`: its spans go to the collector, the whole trace comes back as a waterfall. */
import { hostname } from "node:os";
import { sleep } from "@ais/base/lifecycle.ts";
import type { CommandContext } from "../context.ts";
import { makeColors } from "../output/colors.ts";
import { renderWaterfall } from "../waterfall.ts";
import { COMMAND_SERVICE, type CommandTracer } from "./command-tracer.ts";
import { exportOtlp } from "./export-otlp.ts";
import { JaegerClient, type Trace, TraceBackendError } from "./jaeger.ts";

const EXPORT_DEADLINE_MS = 1000;
const QUERY_DEADLINE_MS = 2000;
/** Nodes export in batches, a few seconds apart at most by default. */
const ARRIVAL_DEADLINE_MS = 6000;
/** How long to wait for the other side of calls once everything else is there. */
const SETTLE_MS = 1500;
const POLL_INTERVAL_MS = 150;

/** Everything goes to standard error, and nothing here fails the command. */
export async function reportTrace(tracer: CommandTracer, context: CommandContext): Promise<void> {
  const { io, settings } = context;
  const resource = { "host.name": hostname(), "process.pid": String(process.pid) };
  const payload = tracer.toOtlpJson(resource);
  const exportFailure = await exportOtlp(settings.traceOtlpUrl, payload, EXPORT_DEADLINE_MS);
  io.err(`\nTrace: ${tracer.traceId}  ${settings.traceEndpoint}/trace/${tracer.traceId}\n`);
  if (exportFailure !== null) {
    io.err(`Note: the spans of this command did not reach ${settings.traceOtlpUrl}: ${exportFailure}\n`);
  }
  if (tracer.tracedReplies === 0) {
    io.err("Note: the cluster did not trace this command (see: ais config cluster tracing)\n");
  }
  try {
    const fetched = await awaitTrace(tracer, new JaegerClient(settings.traceEndpoint, QUERY_DEADLINE_MS));
    const colors = makeColors(io.stderrIsTerminal && !io.env.NO_COLOR);
    const lines = renderWaterfall(withOwnSpans(fetched, tracer), {
      width: io.columns,
      colors,
      verbose: false,
    });
    io.err(`${lines.join("\n")}\n`);
  } catch (error) {
    if (!(error instanceof TraceBackendError)) throw error;
    io.err(`Note: ${error.message}\n`);
  }
}

/** Waits for the spans of every node that took part, for a limited time. */
async function awaitTrace(tracer: CommandTracer, jaeger: JaegerClient): Promise<Trace> {
  const deadlineMs = performance.now() + ARRIVAL_DEADLINE_MS;
  let connectedAtMs: number | null = null;
  for (;;) {
    const trace = (await jaeger.trace(tracer.traceId)) ?? [];
    const nowMs = performance.now();
    if (tracer.tracedReplies === 0 || nowMs > deadlineMs) return trace;
    if (isConnected(trace, tracer)) {
      connectedAtMs ??= nowMs;
      if (isAnswered(trace) || nowMs - connectedAtMs > SETTLE_MS) return trace;
    }
    await sleep(POLL_INTERVAL_MS);
  }
}

/** As many server spans as traced replies, and no span whose parent is still on its way. */
function isConnected(trace: Trace, tracer: CommandTracer): boolean {
  const known = new Set([...trace, ...tracer.spans()].map((span) => span.spanId));
  const servers = trace.filter((span) => span.kind === "server").length;
  return (
    servers >= tracer.tracedReplies && trace.every((span) => span.parentId === "" || known.has(span.parentId))
  );
}

/** Every call that a node made has a span of the node that answered; a call to a stranger never gets one. */
function isAnswered(trace: Trace): boolean {
  const parents = new Set(trace.map((span) => span.parentId));
  return trace.every(
    (span) => span.kind !== "client" || span.service === COMMAND_SERVICE || parents.has(span.spanId),
  );
}

/** The command knows its own spans even where the collector did not take them. */
function withOwnSpans(fetched: Trace, tracer: CommandTracer): Trace {
  const known = new Set(fetched.map((span) => span.spanId));
  return [...fetched, ...tracer.spans().filter((span) => !known.has(span.spanId))];
}
