/** Sizes, times and counts as people read them, in AIStore's spelling. */
import { formatDurationNs, formatSizeIec, formatSizeSi } from "@ais/base/units.ts";

/** What `--units` takes: `8.15KiB`, `8.35KB`, or `8345` for programs. */
export const UNITS = ["iec", "si", "raw"] as const;
export type Units = (typeof UNITS)[number];

/** `12B`, `8.15KiB`. Takes the decimal strings of the wire too. */
export function formatSize(sizeBytes: number | bigint | string, units: Units, digits = 2): string {
  if (units === "raw") return String(Math.round(Number(sizeBytes)));
  return units === "si" ? formatSizeSi(Number(sizeBytes), digits) : formatSizeIec(Number(sizeBytes), digits);
}

/** What was counted is shown with its unit in any case, as in AIStore: `8345B`. */
export function formatCountedSize(sizeBytes: number, units: Units): string {
  return formatSize(sizeBytes, units) + (units === "raw" ? "B" : "");
}

/** `8.15KiB/s`. */
export function formatRate(bytesPerSecond: number, units: Units, digits = 2): string {
  return `${formatSize(bytesPerSecond, units, digits)}${units === "raw" ? "B" : ""}/s`;
}

/** Three significant digits, or whole nanoseconds. */
export function formatLatency(durationNs: number, units: Units): string {
  return units === "raw" ? `${Math.round(durationNs)}ns` : formatMicroseconds(durationNs / 1000);
}

/** Long times need no fractions: `17m`, `2h5m5s`; short ones do. */
export function formatUptime(uptimeNs: number, units: Units): string {
  if (units === "raw") return `${uptimeNs}ns`;
  const seconds = uptimeNs / 1e9;
  return seconds < 100
    ? formatMicroseconds(uptimeNs / 1000)
    : formatDurationNs(BigInt(Math.round(seconds)) * 1_000_000_000n);
}

/** Three significant digits: `85us`, `1.42ms`, `12.4s`. */
export function formatMicroseconds(durationUs: number): string {
  if (durationUs < 0) return `-${formatMicroseconds(-durationUs)}`;
  if (durationUs === 0) return "0";
  if (durationUs < 1) return `${Math.round(durationUs * 1000)}ns`;
  if (durationUs < 999.5) return `${significant(durationUs)}us`;
  if (durationUs < 999_500) return `${significant(durationUs / 1000)}ms`;
  return `${significant(durationUs / 1e6)}s`;
}

function significant(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

/** `1 object`, `2 objects`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
