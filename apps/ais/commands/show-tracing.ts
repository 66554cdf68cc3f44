/** `ais show tracing`: what every node's tracing does, and what it lost (tracing.md 6). */
import { errorText } from "@ais/base/errors.ts";
import { asJsonObject, type JsonObject, numberAt, textAt, valueAt } from "@ais/client/json-view.ts";
import { WHAT } from "@ais/wire/queries.ts";
import { allNodes, nodeName, type Snode } from "@ais/wire/smap.ts";
import type { Command } from "commander";
import type { Runtime } from "../context.ts";

const COLUMNS = [
  "NODE",
  "BUILD",
  "ENABLED",
  "ENDPOINT",
  "STARTED",
  "EXPORTED",
  "DROPPED",
  "QUEUE",
  "LAST ERROR",
] as const;

export function showTracingCommand(runtime: Runtime, parent: Command): Command {
  const command = parent.command("tracing").summary("show the state of tracing on every node");
  return runtime.handle(command, async (context) => {
    const nodes = allNodes(await context.client.cluster.smap());
    const states = await Promise.all(
      nodes.map(async (snode): Promise<readonly [Snode, JsonObject]> => {
        const stats = context.client.cluster.node(snode.daemon_id, WHAT.tracing);
        return [snode, await stats.catch((error: unknown): JsonObject => ({ lastError: errorText(error) }))];
      }),
    );
    if (context.settings.json) {
      return context.printJson(Object.fromEntries(states.map(([snode, stats]) => [snode.daemon_id, stats])));
    }
    context.printTable(
      COLUMNS.map((name) => ({ name })),
      states.map(([snode, stats]) => row(snode, stats)),
    );
  });
}

function row(snode: Snode, stats: JsonObject): readonly string[] {
  const dropped = Object.values(asJsonObject(valueAt(stats, "spansDropped")));
  const capacity = numberAt(stats, "queueCapacityBytes");
  const queuePercent = capacity === 0 ? 0 : Math.round((100 * numberAt(stats, "queueBytes")) / capacity);
  return [
    nodeName(snode),
    textAt(stats, "build") || "-",
    textAt(stats, "enabled") === "true" ? "yes" : "no",
    textAt(stats, "endpoint") || "-",
    String(numberAt(stats, "spansStarted")),
    String(numberAt(stats, "spansExported")),
    String(dropped.reduce((sum: number, count) => sum + Number(count), 0)),
    `${queuePercent}%`,
    textAt(stats, "lastError") || "-",
  ];
}
