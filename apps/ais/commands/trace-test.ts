/** `ais trace test`: nodes send one span to the collector and say what came of it. */
import { type JsonObject, numberAt, textAt } from "@ais/client/json-view.ts";
import type { Command } from "commander";
import { nodeIdOf } from "../cluster/node-states.ts";
import type { CommandContext, Runtime } from "../context.ts";
import { formatMicroseconds } from "../output/units.ts";

const COLUMNS = ["NODE", "RESULT", "LATENCY", "ENDPOINT", "TOKEN", "STATUS", "TRACE ID"] as const;

export function traceTestCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("test")
    .summary("send one span of every node to the collector")
    .description(
      "Every node, or one, sends one span to the collector at once and says what came of it: connection, security, token, the collector's own words. Works whatever is sampled. The exit status is 1 when a node fails.",
    )
    .argument("[node]", "NODE_ID; every node when left out");
  return runtime.handle(command, async (context, [node]) => {
    const results = Object.entries(
      await context.client.trace.test(node === undefined ? "" : nodeIdOf(String(node))),
    );
    if (context.settings.json) context.printJson(Object.fromEntries(results));
    else
      context.printTable(
        COLUMNS.map((name) => ({ name })),
        results.map(([id, result]) => row(id, result, context)),
      );
    const failed = results.filter(([, result]) => !isOk(result)).map(([id]) => id);
    if (failed.length > 0)
      throw new Error(`${failed.length} of ${results.length} nodes failed to export: ${failed.join(", ")}`);
  });
}

function isOk(result: JsonObject): boolean {
  return textAt(result, "ok") === "true";
}

function row(id: string, result: JsonObject, { colors }: CommandContext): readonly string[] {
  const latencyMs = numberAt(result, "latencyMs");
  return [
    id,
    isOk(result) ? colors.green("ok") : colors.red("failed"),
    latencyMs === 0 ? "-" : formatMicroseconds(latencyMs * 1000),
    textAt(result, "endpoint") || "-",
    textAt(result, "token") || "-",
    textAt(result, "status") || "-",
    textAt(result, "traceId") || "-",
  ];
}
