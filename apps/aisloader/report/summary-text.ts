import type { LoadSummary } from "../summary.ts";
import { formatCount, formatLatency, formatTable } from "./format.ts";
import { operationRows, usedOperations } from "./operation-rows.ts";

const ENDED: Readonly<Record<LoadSummary["ended_by"], string>> = {
  duration: "its time was over",
  "max-puts": "enough objects were put",
  "total-put-size": "enough bytes were put",
  epochs: "every object was read often enough",
  interrupted: "it was interrupted",
};

/** The end of a run, for people. */
export function summaryText(summary: LoadSummary): string {
  return [headText(summary), errorsText(summary), slowestText(summary)]
    .filter((part) => part !== "")
    .join("\n");
}

function headText(summary: LoadSummary): string {
  const { http } = summary;
  const table =
    usedOperations(summary).length === 0 ? "no requests were sent\n" : formatTable(operationRows(summary));
  return [
    `${summary.bucket} by ${summary.route}, ${summary.workers} in flight, closed loop, seed ${summary.seed}; ran `,
    `${(summary.elapsed_ms / 1000).toFixed(2)}s until ${ENDED[summary.ended_by]}\n`,
    table,
    `connections ${formatCount(http.connections)}, redirects ${formatCount(http.redirects)}`,
    `, repeats on closed connections ${formatCount(http.repeats)}\n`,
  ].join("");
}

function errorsText({ errors }: LoadSummary): string {
  if (errors.length === 0) return "";
  const rows = errors.map(({ operation, kind, count, example }) => [
    operation.toUpperCase(),
    kind,
    formatCount(count),
    // One line and not too long, whatever a server wrote.
    ` ${example.replace(/\s+/g, " ").slice(0, 160)}`,
  ]);
  return `Errors, with the text of the first of each kind:\n${formatTable([["OP", "KIND", "COUNT"], ...rows])}`;
}

function slowestText({ slowest }: LoadSummary): string {
  if (slowest.length === 0) return "";
  const rows = slowest.map((request) => [
    request.trace_id,
    formatLatency(request.latency_ms),
    request.operation.toUpperCase(),
    request.outcome,
    ` ${request.object_name}`,
  ]);
  return `Slowest traced requests:\n${formatTable([["TRACE ID", "LATENCY", "OP", "OUTCOME"], ...rows])}`;
}
