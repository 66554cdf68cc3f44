/** `ais trace tail`: requests of all nodes as they finish. */
import type { FinishedRequest, TailRemark } from "@ais/wire/requests.ts";
import type { Command } from "commander";
import { nodeIdOf } from "../cluster/node-states.ts";
import type { CommandContext, Runtime } from "../context.ts";
import { parseDurationValue, parsePositiveCount } from "../option-values.ts";
import { padVisible } from "../output/colors.ts";
import { formatMicroseconds } from "../output/units.ts";
import { objectText } from "../trace/request-text.ts";

interface Options {
  readonly bucket?: string;
  readonly operation?: string;
  readonly status?: string;
  readonly minDuration?: number;
  readonly node?: string;
  readonly limit?: number;
}

/** Lines come one by one, so their columns have widths of their own. */
const COLUMNS = [
  ["TIME", 12],
  ["NODE", 12],
  ["OPERATION", 15],
  ["STATUS", 6],
  ["DURATION", 8],
  ["TRACE ID", 33],
  ["OBJECT", 0],
] as const;
const GAP = "   ";
const FIRST_ERROR = 400;

export function traceTailCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("tail")
    .summary("show requests as they finish")
    .description(
      "Show the requests of all nodes as they finish, until interrupted. A star behind the trace id says that the trace was exported.",
    )
    .option("--bucket <bucket>", "such as ais://nnn")
    .option("--operation <name>", "such as object.get")
    .option("--status <status>", "such as 404 or 5xx")
    .option("--min-duration <time>", "such as 10ms, 1.5s", parseDurationValue)
    .option("--node <node>", "NODE_ID")
    .option("--limit <count>", "end after so many requests", parsePositiveCount);
  return runtime.handle<Options>(command, async (context, _, options) => {
    const { bucket, operation, status, minDuration, limit = Number.POSITIVE_INFINITY } = options;
    const node = options.node === undefined ? undefined : nodeIdOf(options.node);
    const duration = minDuration === undefined ? undefined : `${minDuration}ms`;
    const filter = { bucket, operation, status, minDuration: duration, node };
    let shown = 0;
    try {
      const lines = await context.client.trace.tail(filter, context.io.signal);
      if (!context.settings.json && context.settings.headers)
        context.print(context.colors.bold(columns(COLUMNS.map(([name]) => name))));
      for await (const line of lines) {
        if (context.settings.json) context.io.out(`${JSON.stringify(line)}\n`);
        else print(context, line);
        if (isRequest(line) && ++shown >= limit) return;
      }
    } catch (error) {
      // To be interrupted is how this command ends.
      if (!context.io.signal.aborted) throw error;
    }
  });
}

function isRequest(line: FinishedRequest | TailRemark): line is FinishedRequest {
  return "operation" in line;
}

function print(context: CommandContext, line: FinishedRequest | TailRemark): void {
  const { colors } = context;
  if (!isRequest(line)) {
    const { node, dropped, lost } = line;
    const what = dropped === undefined ? `not followed: ${lost}` : `${dropped} requests not shown`;
    context.note(colors.yellow(`${node}: ${what}`));
    return;
  }
  const status = line.status >= FIRST_ERROR ? colors.red(String(line.status)) : String(line.status);
  context.print(
    columns([
      line.time.slice(11, 23),
      line.node,
      line.operation,
      status,
      formatMicroseconds(line.duration_ms * 1000),
      line.trace_id === "" ? "-" : `${line.trace_id}${line.sampled ? "*" : ""}`,
      objectText(line),
    ]),
  );
}

function columns(cells: readonly string[]): string {
  return cells.map((cell, index) => padVisible(cell, COLUMNS[index]?.[1] ?? 0)).join(GAP);
}
