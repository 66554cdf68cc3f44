/**
 * Templates that name many objects (wire-compat 2.3): brace `pre-{0000..0099..3}-suf` (repeatable), at-style `pre-@100-suf`
 * (0 to 100), fmt-style `pre-%06d-suf` (every number from 0). One without a range is a prefix.
 */
import { AisError } from "@ais/base/errors.ts";

export interface TemplateRange {
  readonly first: number;
  /** Inclusive; infinite in fmt-style. */
  readonly last: number;
  readonly step: number;
  /** Numbers are padded with zeros to so many digits. */
  readonly digitCount: number;
  /** Text after the number, up to the next range or the end. */
  readonly gap: string;
}

export interface ObjectTemplate {
  readonly prefix: string;
  /** Empty: the template is a prefix, or stands for everything when that is empty too. */
  readonly ranges: readonly TemplateRange[];
}

/** Ranges in one template; more are a mistake or an attack. */
const RANGES_MAX_COUNT = 16;
const DIGITS_MAX_COUNT = 15;

/** Throws `badRequest` for a malformed range. `""` and `*` stand for every object; a `*` at the end of a prefix is dropped. */
export function parseTemplate(template: string): ObjectTemplate {
  if (template === "" || template === "*") return { prefix: "", ranges: [] };
  if (template.includes("{") && template.includes("}")) return parseBraces(template);
  if (template.includes("@")) return parseAt(template);
  const percent = template.indexOf("%");
  if (percent >= 0 && !template.includes("%", percent + 1)) return parseFormat(template, percent);
  return { prefix: template.endsWith("*") ? template.slice(0, -1) : template, ranges: [] };
}

export function isPrefixOnly({ ranges }: ObjectTemplate): boolean {
  return ranges.length === 0;
}

/** How many names it stands for; infinite when a range has no end. */
export function templateCount({ ranges }: ObjectTemplate): number {
  return ranges.reduce((total, range) => total * rangeCount(range), 1);
}

/** The name at `index`, the last range changing fastest. `index` is below the count, which is at most 2^53. */
export function templateName({ prefix, ranges }: ObjectTemplate, index: number): string {
  let rest = index;
  let text = "";
  for (const range of [...ranges].reverse()) {
    const count = rangeCount(range);
    const position = Number.isFinite(count) ? rest % count : rest;
    rest = Number.isFinite(count) ? Math.floor(rest / count) : 0;
    const digits = String(range.first + position * range.step).padStart(range.digitCount, "0");
    text = digits + range.gap + text;
  }
  return prefix + text;
}

/** Whether the template stands for this name. */
export function matchesTemplate({ prefix, ranges }: ObjectTemplate, name: string): boolean {
  return name.startsWith(prefix) && matchesRanges(ranges, 0, name, prefix.length);
}

/** Neighbouring ranges without a gap can share the digits in several ways, so all are tried. */
function matchesRanges(ranges: readonly TemplateRange[], index: number, name: string, at: number): boolean {
  const range = ranges[index];
  if (range === undefined) return index === 0 || at === name.length;
  for (let end = at; isDigit(name, end) && end - at < DIGITS_MAX_COUNT; ) {
    end++;
    if (!isNumberOf(range, name.slice(at, end)) || !name.startsWith(range.gap, end)) continue;
    if (matchesRanges(ranges, index + 1, name, end + range.gap.length)) return true;
  }
  return false;
}

function isNumberOf({ first, last, step, digitCount }: TemplateRange, digits: string): boolean {
  const value = Number(digits);
  if (value < first || value > last || (value - first) % step !== 0) return false;
  return digits === String(value).padStart(digitCount, "0");
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

function rangeCount({ first, last, step }: TemplateRange): number {
  return Number.isFinite(last) ? Math.floor((last - first) / step) + 1 : Number.POSITIVE_INFINITY;
}

const BRACE = /\{([^{}]*)\}/g;
const BRACE_RANGE = /^(\d+)\.\.(\d+)(?:\.\.(\d+))?$/;

function parseBraces(template: string): ObjectTemplate {
  const matches = [...template.matchAll(BRACE)];
  const expected = 'expecting for example "prefix-{0001..0010..1}-suffix"';
  const leftOver = template.replace(BRACE, "");
  if (matches.length === 0 || leftOver.includes("{") || leftOver.includes("}"))
    throw invalid(template, expected);
  const ranges = matches.map((match, index) => {
    const [, first = "", last = "", step = "1"] = BRACE_RANGE.exec(match[1] ?? "") ?? [];
    if (first === "") throw invalid(template, expected);
    const end = match.index + match[0].length;
    return checkedRange(template, {
      first: integer(template, first),
      last: integer(template, last),
      step: integer(template, step),
      digitCount: Math.min(first.length, last.length),
      gap: template.slice(end, matches[index + 1]?.index ?? template.length),
    });
  });
  return checkedTemplate(template, { prefix: template.slice(0, matches[0]?.index ?? 0), ranges });
}

function parseAt(template: string): ObjectTemplate {
  const [prefix = "", ...parts] = template.split("@");
  const ranges = parts.map((part) => {
    const digits = /^\d+/.exec(part)?.[0];
    if (digits === undefined) throw invalid(template, 'expecting for example "prefix-@00100-suffix"');
    return checkedRange(template, {
      first: 0,
      last: integer(template, digits),
      step: 1,
      digitCount: digits.length,
      gap: part.slice(digits.length),
    });
  });
  return checkedTemplate(template, { prefix, ranges });
}

function parseFormat(template: string, percent: number): ObjectTemplate {
  const match = /^%(?:0(\d{1,2}))?d/.exec(template.slice(percent));
  if (match === null) throw invalid(template, 'expecting for example "prefix-%06d-suffix"');
  const digitCount = Number(match[1] ?? 0);
  if (digitCount > DIGITS_MAX_COUNT) throw invalid(template, `expecting at most ${DIGITS_MAX_COUNT} digits`);
  const gap = template.slice(percent + match[0].length);
  const range = { first: 0, last: Number.POSITIVE_INFINITY, step: 1, digitCount, gap };
  return { prefix: template.slice(0, percent), ranges: [range] };
}

function integer(template: string, digits: string): number {
  if (digits.length > DIGITS_MAX_COUNT)
    throw invalid(template, `expecting at most ${DIGITS_MAX_COUNT} digits`);
  return Number(digits);
}

function checkedRange(template: string, range: TemplateRange): TemplateRange {
  if (range.first > range.last) throw invalid(template, "its start is greater than its end");
  if (range.step === 0) throw invalid(template, "its step is not positive");
  return range;
}

function checkedTemplate(template: string, parsed: ObjectTemplate): ObjectTemplate {
  if (parsed.ranges.length > RANGES_MAX_COUNT)
    throw invalid(template, `it has more than ${RANGES_MAX_COUNT} ranges`);
  if (templateCount(parsed) > Number.MAX_SAFE_INTEGER)
    throw invalid(template, "it stands for too many names");
  return parsed;
}

function invalid(template: string, why: string): AisError {
  return new AisError("badRequest", `invalid template ${JSON.stringify(template.slice(0, 200))}: ${why}`);
}
