/** Sizes, times and counts as people read them, in AIStore's spelling. */

const IEC_UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** `12B`, `8.15KiB`. Takes the decimal strings of the wire too. */
export function formatSize(sizeBytes: number | bigint | string, digits = 2): string {
  const bytes = Number(sizeBytes);
  if (!Number.isFinite(bytes)) return String(sizeBytes);
  let value = Math.abs(bytes);
  if (value < 1024) return `${bytes}B`;
  let unit: string = IEC_UNITS[0];
  value /= 1024;
  for (const larger of IEC_UNITS.slice(1)) {
    if (value < 1024) break;
    value /= 1024;
    unit = larger;
  }
  return `${bytes < 0 ? "-" : ""}${value.toFixed(digits)}${unit}`;
}

const SIZE_FACTORS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1000,
  kb: 1000,
  kib: 1024,
  m: 1000 ** 2,
  mb: 1000 ** 2,
  mib: 1024 ** 2,
  g: 1000 ** 3,
  gb: 1000 ** 3,
  gib: 1024 ** 3,
  t: 1000 ** 4,
  tb: 1000 ** 4,
  tib: 1024 ** 4,
};

/** `1024`, `4KiB`, `1.5mb`; null when the text is no size. */
export function parseSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const factor = SIZE_FACTORS[match?.[2]?.toLowerCase() ?? "?"];
  if (match?.[1] === undefined || factor === undefined) return null;
  const bytes = Math.round(Number(match[1]) * factor);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

const DURATION_FACTORS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `250ms`, `1m30s`, `2h`, and plain seconds; null when the text is no duration. */
export function parseDurationMs(text: string): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h|d))+$/.test(text)) return null;
  let totalMs = 0;
  for (const match of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/g)) {
    totalMs += Number(match[1]) * (DURATION_FACTORS_MS[match[2] ?? ""] ?? 0);
  }
  return totalMs;
}

/** `17m0s`, `2h5m0s`, `1.5s`: as Go prints durations, which is what users of the Go command line know. */
export function formatDurationNs(durationNs: number): string {
  const seconds = durationNs / 1e9;
  if (seconds < 100) return formatMicroseconds(durationNs / 1000);
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return `${hours > 0 ? `${hours}h` : ""}${minutes}m${whole % 60}s`;
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
