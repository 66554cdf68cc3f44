import type { IntervalRecord } from "../summary.ts";
import { formatCount, formatLatency, formatMib, formatTable } from "./format.ts";
import { operationRows, usedOperations } from "./operation-rows.ts";

/** Shows the intervals of a load as they end. */
export interface Progress {
  interval(record: IntervalRecord): void;
}

/** A table that is drawn again in its place. Nothing else may be written meanwhile. */
export function tableProgress(write: (text: string) => void): Progress {
  let drawnLines = 0;
  return {
    interval(record) {
      const head = `${seconds(record.at_ms)} since the start, last ${seconds(record.interval_ms)}:\n`;
      const text = head + formatTable(operationRows(record));
      const erase = drawnLines === 0 ? "" : `\x1b[${drawnLines}A\x1b[J`;
      write(erase + text);
      drawnLines = text.split("\n").length - 1;
    },
  };
}

/** One line for each interval, for logs and pipes. */
export function lineProgress(write: (text: string) => void): Progress {
  return {
    interval(record) {
      const parts = usedOperations(record).map((operation) => {
        const { count, operations_per_second, bytes_per_second, latency_ms, errors } = record[operation];
        const latency =
          latency_ms === null
            ? ""
            : `, p50 ${formatLatency(latency_ms.p50)}, p99 ${formatLatency(latency_ms.p99)}`;
        const rate = `${formatCount(operations_per_second)}/s, ${formatMib(bytes_per_second)} MiB/s`;
        return `${operation.toUpperCase()} ${formatCount(count)}, ${rate}${latency}, errors ${formatCount(errors)}`;
      });
      write(`${seconds(record.at_ms)}  ${parts.length === 0 ? "nothing done" : parts.join("  |  ")}\n`);
    },
  };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)}s`;
}
