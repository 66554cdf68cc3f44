/** Durations and sizes in Go's and AIStore's spellings (wire-compat 0.1). */
import { AisError } from "./errors.ts";

const NS_PER_UNIT: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** Go keeps durations in a signed 64-bit count of nanoseconds: about 292 years. */
const DURATION_MAX_NS = 2n ** 63n - 1n;
const DURATION_TERM = /(\d+)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)|\.(\d+)(ns|us|µs|μs|ms|s|m|h)/gy;

/** `1m30s`, `100ms`, `1.5h`, `-2s`, `0`. Throws `badRequest` for anything that Go's `time.ParseDuration` refuses. */
export function parseDurationNs(text: string): bigint {
  const negative = text.startsWith("-");
  const body = negative || text.startsWith("+") ? text.slice(1) : text;
  if (body === "0") return 0n;
  let totalNs = 0n;
  let end = 0;
  for (const match of body.matchAll(DURATION_TERM)) {
    end = match.index + match[0].length;
    const unitNs = NS_PER_UNIT[match[3] ?? match[5] ?? ""] ?? 0n;
    const fraction = match[2] ?? match[4] ?? "";
    totalNs += BigInt(match[1] ?? "0") * unitNs;
    if (fraction !== "") totalNs += (BigInt(fraction) * unitNs) / 10n ** BigInt(fraction.length);
  }
  if (end === 0 || end !== body.length || totalNs > DURATION_MAX_NS) {
    throw new AisError("badRequest", `invalid duration "${text}", expecting for example "1m30s" or "100ms"`);
  }
  return negative ? -totalNs : totalNs;
}

/** Milliseconds, with a fraction for shorter units. */
export function parseDurationMs(text: string): number {
  return Number(parseDurationNs(text)) / 1e6;
}

/** As Go prints it, with AIStore's rule that `m0s` at the end loses its `0s`: `2h0m`, `1m`, `1.5s`, `100ms`. */
export function formatDurationNs(durationNs: bigint): string {
  const sign = durationNs < 0n ? "-" : "";
  const ns = durationNs < 0n ? -durationNs : durationNs;
  if (ns === 0n) return "0s";
  if (ns < 1_000n) return `${sign}${ns}ns`;
  if (ns < 1_000_000n) return `${sign}${decimal(ns, 1_000n, 3)}µs`;
  if (ns < 1_000_000_000n) return `${sign}${decimal(ns, 1_000_000n, 6)}ms`;
  const minutes = ns / 60_000_000_000n;
  const seconds = `${decimal(ns % 60_000_000_000n, 1_000_000_000n, 9)}s`;
  if (minutes === 0n) return sign + seconds;
  const tail = seconds === "0s" ? "" : seconds;
  return minutes < 60n ? `${sign}${minutes}m${tail}` : `${sign}${minutes / 60n}h${minutes % 60n}m${tail}`;
}

/** `durationMs` may have a fraction; it is rounded to whole nanoseconds. */
export function formatDurationMs(durationMs: number): string {
  return formatDurationNs(BigInt(Math.round(durationMs * 1e6)));
}

function decimal(value: bigint, unit: bigint, digits: number): string {
  const fraction = (value % unit).toString().padStart(digits, "0").replace(/0+$/, "");
  return `${value / unit}${fraction === "" ? "" : `.${fraction}`}`;
}

const IEC_STEP = 1024;
const SI_STEP = 1000;
const SIZE = /^\s*([+-]?)(\d+(?:\.\d+)?|\.\d+)\s*(?:([KMGT])(IB|I|B)?|B)?\s*$/;

/**
 * How a suffix without `i` counts. AIStore's config reads `2GB` as 2 GiB (`iec`), its command line as 2 * 10^9 (`suffix`).
 * `GiB` is 1024-based either way.
 */
export type SizeUnits = "iec" | "suffix";

/** Bytes of `64MiB`, `2gb`, `32k`, `1.5GiB`, `4096`; empty is 0. Throws `badRequest` when malformed or beyond 2^53. */
export function parseSize(text: string, units: SizeUnits = "suffix"): number {
  if (text.trim() === "") return 0;
  const match = SIZE.exec(text.toUpperCase());
  if (match === null) throw invalidSize(text);
  const [, sign, digits = "", prefix, suffix] = match;
  const step = units === "iec" || suffix === "IB" || suffix === "I" ? IEC_STEP : SI_STEP;
  const power = prefix === undefined ? 0 : "KMGT".indexOf(prefix) + 1;
  const bytes = Math.trunc(Number(digits) * step ** power);
  if (!Number.isSafeInteger(bytes)) throw invalidSize(text);
  return sign === "-" ? 0 - bytes : bytes;
}

function invalidSize(text: string): AisError {
  return new AisError("badRequest", `invalid size "${text}", expecting for example "64MiB", "2GB" or "4096"`);
}

/** `64MiB`, `1GiB`, `0B`: rounded to `digits` decimals, as AIStore prints sizes. Not exact: `1025` gives `1KiB`. */
export function formatSizeIec(bytes: number, digits = 0): string {
  return formatSize(bytes, IEC_STEP, ["KiB", "MiB", "GiB", "TiB"], digits);
}

export function formatSizeSi(bytes: number, digits = 0): string {
  return formatSize(bytes, SI_STEP, ["KB", "MB", "GB", "TB"], digits);
}

/** The shortest IEC text that `parseSize` turns back into exactly `bytes`. */
export function formatSizeExact(bytes: number): string {
  for (const [power, unit] of [
    [4, "TiB"],
    [3, "GiB"],
    [2, "MiB"],
    [1, "KiB"],
  ] as const) {
    const step = IEC_STEP ** power;
    if (bytes !== 0 && bytes % step === 0) return `${bytes / step}${unit}`;
  }
  return `${bytes}B`;
}

function formatSize(bytes: number, step: number, units: readonly string[], digits: number): string {
  for (let power = units.length; power > 0; power--) {
    if (bytes >= step ** power) return `${(bytes / step ** power).toFixed(digits)}${units[power - 1]}`;
  }
  return `${bytes}B`;
}
