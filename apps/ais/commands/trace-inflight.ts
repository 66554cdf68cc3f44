/** `ais trace inflight`: the requests that have not ended, on all nodes, oldest first. */
import type { InFlightRequest } from "@ais/wire/requests.ts";
import type { Command } from "commander";
import type { Runtime } from "../context.ts";
import { parseDurationValue } from "../option-values.ts";
import { formatMicroseconds } from "../output/units.ts";
import { objectText } from "../trace/request-text.ts";

interface Options {
  readonly minAge: number;
}

const COLUMNS = ["AGE", "STAGE", "OPERATION", "OBJECT", "NODE", "CLIENT", "TRACE ID"] as const;

export function traceInFlightCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("inflight")
    .summary("show the requests that have not ended")
    .description(
      "Show the requests that have not ended, on all nodes, oldest first, and what each of them does now. Works whether or not tracing is enabled.",
    )
    .option("--min-age <time>", "only requests that are older, such as 100ms, 5s", parseDurationValue, 0);
  return runtime.handle<Options>(command, async (context, _, { minAge }) => {
    const { requests, failures } = await context.client.trace.inFlight();
    const shown = requests.filter(({ age_ms }) => age_ms >= minAge);
    if (context.settings.json) return context.printJson({ requests: shown, failures });
    for (const [node, why] of Object.entries(failures))
      context.note(context.colors.yellow(`${node} does not answer: ${why}`));
    if (shown.length === 0) return context.print("No requests in flight.");
    context.printTable(
      COLUMNS.map((name) => ({ name })),
      shown.map(row),
    );
  });
}

function row(request: InFlightRequest): readonly string[] {
  return [
    formatMicroseconds(request.age_ms * 1000),
    request.stage,
    request.operation,
    objectText(request),
    request.node,
    request.client || "-",
    request.trace_id || "-",
  ];
}
