/** `ais show tracing`: what every node's tracing does, and what it lost (tracing.md 6). */
import { errorText } from "@ais/base/errors.ts";
import { asJsonObject, type JsonObject, numberAt, textAt, valueAt } from "@ais/client/json-view.ts";
import { WHAT } from "@ais/wire/queries.ts";
import { allNodes, nodeName, type Snode } from "@ais/wire/smap.ts";
import type { Command } from "commander";
import type { Runtime } from "../context.ts";
import { formatMicroseconds } from "../output/units.ts";

const COLUMNS = [
  "NODE",
  "BUILD",
  "ENABLED",
  "SAMPLED",
  "TAIL",
  "ENDPOINT",
  "STARTED",
  "EXPORTED",
  "DROPPED",
  "QUEUE",
  "LAST EXPORT",
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
  const isEnabled = textAt(stats, "enabled") === "true";
  return [
    nodeName(snode),
    textAt(stats, "build") || "-",
    isEnabled ? "yes" : "no",
    isEnabled ? percent(numberAt(stats, "samplerProbability")) : "-",
    tailText(stats),
    textAt(stats, "endpoint") || "-",
    String(numberAt(stats, "spansStarted")),
    String(numberAt(stats, "spansExported")),
    countsText(valueAt(stats, "spansDropped")),
    queueText(stats),
    lastExportText(stats),
    lastErrorText(stats),
  ];
}

/** Of the bound that is nearer: what comes when either is reached is dropped. */
function queueText(stats: JsonObject): string {
  const share = (used: string, capacity: string): number =>
    numberAt(stats, used) / Math.max(1, numberAt(stats, capacity));
  const bytes = share("queueBytes", "queueCapacityBytes");
  // A node of an earlier version names no bound of spans.
  const spans = numberAt(stats, "queueCapacitySpans") === 0 ? 0 : share("spansQueued", "queueCapacitySpans");
  return `${Math.round(100 * Math.max(bytes, spans))}%`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))}%`;
}

/** Requests that the tail rule exported; a dash while it is off. */
function tailText(stats: JsonObject): string {
  return textAt(stats, "tail.enabled") === "true" ? countsText(valueAt(stats, "tail.exported")) : "-";
}

/** `0`, or `5 (queue_full 3, shutdown 2)`. */
function countsText(counts: unknown): string {
  const parts = Object.entries(asJsonObject(counts)).filter(([, count]) => Number(count) > 0);
  const sum = parts.reduce((total, [, count]) => total + Number(count), 0);
  return sum === 0 ? "0" : `${sum} (${parts.map(([name, count]) => `${name} ${count}`).join(", ")})`;
}

/** How long ago the collector last took something, and how long that took. */
function lastExportText(stats: JsonObject): string {
  const ago = agoText(stats, "lastExportTime");
  return ago === "" ? "-" : `${ago}, ${formatMicroseconds(numberAt(stats, "lastExportMs") * 1000)}`;
}

/** It stays when exports go well again, so its age matters. */
function lastErrorText(stats: JsonObject): string {
  const text = textAt(stats, "lastError");
  if (text === "") return "-";
  const ago = agoText(stats, "lastErrorTime");
  return ago === "" ? text : `${ago}: ${text}`;
}

function agoText(stats: JsonObject, name: string): string {
  const time = Date.parse(textAt(stats, name));
  return Number.isNaN(time) ? "" : `${Math.max(0, Math.round((Date.now() - time) / 1000))}s ago`;
}
