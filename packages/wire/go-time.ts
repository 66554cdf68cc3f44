/** Times as Go's JSON and `time.Format` write them, always in UTC. */

/** Go's zero `time.Time`. */
export const ZERO_TIME = "0001-01-01T00:00:00Z";

const NS_PER_MS = 1_000_000n;
const NS_PER_SECOND = 1_000_000_000n;

/** RFC 3339 with as many digits of the fraction as there are: `2026-08-19T10:11:12.000000345Z`. 0 is Go's zero time. */
export function rfc3339Nano(timeNs: bigint): string {
  if (timeNs === 0n) return ZERO_TIME;
  const { date, fractionNs } = split(timeNs);
  const fraction = fractionNs.toString().padStart(9, "0").replace(/0+$/, "");
  return `${date.toISOString().slice(0, 19)}${fraction === "" ? "" : `.${fraction}`}Z`;
}

const RFC_3339 = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9})\d*)?(Z|[+-]\d{2}:\d{2})$/;

/** Nanoseconds since the epoch, 0 for Go's zero time; null when the text is not RFC 3339. */
export function parseRfc3339(text: string): bigint | null {
  if (text === ZERO_TIME) return 0n;
  const [, seconds, fraction = "", zone] = RFC_3339.exec(text) ?? [];
  const ms = Date.parse(`${seconds}${zone}`);
  return Number.isNaN(ms) ? null : BigInt(ms) * NS_PER_MS + BigInt(fraction.padEnd(9, "0"));
}

/** The text of an Smap's `creation_time`. */
export function dateTimeText(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19).replace("T", " ");
}

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** The parts of a layout, which are those of Go's reference time, longer ones first where one starts another. */
const LAYOUT_PARTS =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|002|0[1-6]|15|__2|_2(?!006)|PM|pm|[-Z]07(?::?00(?::?00)?)?|[.,](?:0+|9+)(?!\d)|[1-5]/g;

/** `timeNs` under a layout of Go's `time.Format`, such as `02 Jan 06 15:04 MST`; text that is no part of a time stays. */
export function formatGoLayout(layout: string, timeNs: bigint): string {
  const { date, fractionNs } = split(timeNs);
  return layout.replace(LAYOUT_PARTS, (part) => formatPart(part, date, fractionNs));
}

function formatPart(part: string, date: Date, fractionNs: bigint): string {
  const zone = part[0];
  if (zone === "Z") return "Z";
  if (zone === "-") return part.replaceAll("7", "0").replace("-", "+");
  if (zone === "." || zone === ",") return formatFraction(part, fractionNs);
  const hour12 = date.getUTCHours() % 12 === 0 ? 12 : date.getUTCHours() % 12;
  switch (part) {
    case "2006":
      return String(date.getUTCFullYear()).padStart(4, "0");
    case "06":
      return pad(date.getUTCFullYear() % 100);
    case "January":
      return MONTHS[date.getUTCMonth()] ?? "";
    case "Jan":
      return (MONTHS[date.getUTCMonth()] ?? "").slice(0, 3);
    case "01":
      return pad(date.getUTCMonth() + 1);
    case "1":
      return String(date.getUTCMonth() + 1);
    case "Monday":
      return DAYS[date.getUTCDay()] ?? "";
    case "Mon":
      return (DAYS[date.getUTCDay()] ?? "").slice(0, 3);
    case "02":
      return pad(date.getUTCDate());
    case "_2":
      return String(date.getUTCDate()).padStart(2, " ");
    case "2":
      return String(date.getUTCDate());
    case "002":
      return String(dayOfYear(date)).padStart(3, "0");
    case "__2":
      return String(dayOfYear(date)).padStart(3, " ");
    case "15":
      return pad(date.getUTCHours());
    case "03":
      return pad(hour12);
    case "3":
      return String(hour12);
    case "04":
      return pad(date.getUTCMinutes());
    case "4":
      return String(date.getUTCMinutes());
    case "05":
      return pad(date.getUTCSeconds());
    case "5":
      return String(date.getUTCSeconds());
    case "PM":
      return date.getUTCHours() < 12 ? "AM" : "PM";
    case "pm":
      return date.getUTCHours() < 12 ? "am" : "pm";
    default:
      return "UTC";
  }
}

/** Zeros fix the number of digits; nines drop zeros at the end, and the point with them when nothing is left. */
function formatFraction(part: string, fractionNs: bigint): string {
  const digits = fractionNs
    .toString()
    .padStart(9, "0")
    .padEnd(part.length - 1, "0")
    .slice(0, part.length - 1);
  if (part[1] === "0") return part.slice(0, 1) + digits;
  const significant = digits.replace(/0+$/, "");
  return significant === "" ? "" : part.slice(0, 1) + significant;
}

function split(timeNs: bigint): { readonly date: Date; readonly fractionNs: bigint } {
  const fractionNs = ((timeNs % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  return { date: new Date(Number((timeNs - fractionNs) / NS_PER_MS)), fractionNs };
}

function dayOfYear(date: Date): number {
  const start = Date.UTC(date.getUTCFullYear(), 0, 1);
  return Math.floor((date.getTime() - start) / 86_400_000) + 1;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
