/** `850 ns`, `12.3 µs`, `4.56 ms`, `1.2 s`, `3m 20s`. */
export function duration(us: number): string {
  if (us === 0) return "0 µs";
  if (us < 1) return `${Math.round(us * 1000)} ns`;
  if (us < 1000) return `${digits(us)} µs`;
  if (us < 1_000_000) return `${digits(us / 1000)} ms`;
  if (us < 60_000_000) return `${digits(us / 1_000_000)} s`;
  const seconds = Math.round(us / 1_000_000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
  return `${Math.floor(seconds / 3600)}h ${Math.floor((seconds % 3600) / 60)}m`;
}

function digits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function count(value: number): string {
  return value.toLocaleString("en-US");
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

const CLOCK = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** In the reader's time zone, to the millisecond. */
export function clock(us: number): string {
  return CLOCK.format(us / 1000);
}

export function day(us: number): string {
  return DAY.format(us / 1000);
}

export function ago(us: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - us / 1000) / 1000));
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${plural(Math.floor(seconds / 86_400), "day")} ago`;
}

export function bytes(value: number): string {
  if (value < 1024) return `${value} B`;
  if (value < 1024 ** 2) return `${digits(value / 1024)} KiB`;
  return value < 1024 ** 3 ? `${digits(value / 1024 ** 2)} MiB` : `${digits(value / 1024 ** 3)} GiB`;
}

const MINUTE_US = 60_000_000;

const UNITS = [
  ["s", 1_000_000],
  ["ms", 1000],
  ["µs", 1],
  ["ns", 0.001],
] as const;

/** Of a minute and more, in microseconds: steps that people count time in. */
const LONG_STEPS_US = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440].map(
  (minutes) => minutes * MINUTE_US,
);

/** Round steps of time between two values, about as many as wanted. */
export function timeTicks(fromUs: number, toUs: number, wanted: number): number[] {
  const rawUs = (toUs - fromUs) / Math.max(1, wanted);
  const stepUs = LONG_STEPS_US.find((step) => step >= rawUs);
  if (rawUs <= MINUTE_US / 2 || stepUs === undefined) return ticks(fromUs, toUs, wanted);
  const found: number[] = [];
  for (let us = Math.ceil(fromUs / stepUs) * stepUs; us <= toUs; us += stepUs) found.push(us);
  return found;
}

/** Labels of an axis: one unit for all, and as many digits as it takes to tell two neighbours apart. */
export function tickLabels(ticksUs: readonly number[]): string[] {
  const largest = Math.max(...ticksUs.map(Math.abs));
  const isLong = largest >= MINUTE_US && ticksUs.every((us) => us % MINUTE_US === 0);
  if (isLong) return ticksUs.map((us) => (us === 0 ? "0" : minutes(us)));
  const [unit, unitUs] = UNITS.find(([, us]) => largest >= us) ?? UNITS[2];
  const step = ((ticksUs[1] ?? largest) - (ticksUs[0] ?? 0)) / unitUs;
  const decimals = step > 0 ? Math.min(9, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9))) : 0;
  return ticksUs.map((us) => `${(us / unitUs).toFixed(decimals)} ${unit}`);
}

/** `5m`, `2h`, `2h 30m`. */
function minutes(us: number): string {
  const [hours, rest] = [Math.floor(us / MINUTE_US / 60), (us / MINUTE_US) % 60];
  if (hours === 0) return `${rest}m`;
  return rest === 0 ? `${hours}h` : `${hours}h ${rest}m`;
}

/** Round steps between two values, about as many as wanted. */
export function ticks(from: number, to: number, wanted: number): number[] {
  const raw = (to - from) / Math.max(1, wanted);
  if (!(raw > 0)) return [from];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
  const found: number[] = [];
  for (let value = Math.ceil(from / step) * step; value <= to; value += step) found.push(value);
  return found;
}
