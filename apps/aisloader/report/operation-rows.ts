import type { Operation, OperationSummary } from "../summary.ts";
import { formatCount, formatLatency, formatMib } from "./format.ts";

export type Operations = Readonly<Record<Operation, OperationSummary>>;

const HEADER = [
  "OP",
  "COUNT",
  "OPS/S",
  "MIB/S",
  "MIN",
  "AVG",
  "P50",
  "P90",
  "P99",
  "P99.9",
  "MAX",
  "ERRORS",
] as const;
const NO_LATENCY = ["-", "-", "-", "-", "-", "-", "-"] as const;

/** A header, and a row for every kind of operation that was done. */
export function operationRows(operations: Operations): readonly (readonly string[])[] {
  return [
    HEADER,
    ...usedOperations(operations).map((operation) => operationRow(operation, operations[operation])),
  ];
}

export function usedOperations(operations: Operations): readonly Operation[] {
  return (["put", "get"] as const).filter(
    (operation) => operations[operation].count + operations[operation].errors > 0,
  );
}

function operationRow(operation: Operation, summary: OperationSummary): readonly string[] {
  const { latency_ms: latency } = summary;
  return [
    operation.toUpperCase(),
    formatCount(summary.count),
    formatCount(summary.operations_per_second),
    formatMib(summary.bytes_per_second),
    ...(latency === null
      ? NO_LATENCY
      : [latency.min, latency.mean, latency.p50, latency.p90, latency.p99, latency.p999, latency.max].map(
          formatLatency,
        )),
    formatCount(summary.errors),
  ];
}
