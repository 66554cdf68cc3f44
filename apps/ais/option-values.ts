/** Values of options, read where the option parser can say which option was wrong. */
import { AisError } from "@ais/base/errors.ts";
import { parseDurationMs, parseSize } from "@ais/base/units.ts";
import { parseShare } from "@ais/wire/share.ts";
import { InvalidArgumentError } from "commander";
import { UsageError } from "./errors.ts";
import type { Settings } from "./settings.ts";

export function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count))
    throw new InvalidArgumentError("Expecting a whole number.");
  return count;
}

/** A number of which 0 makes no sense. */
export function parsePositiveCount(text: string): number {
  const count = parseCount(text);
  if (count === 0) throw new InvalidArgumentError("Expecting a number above 0.");
  return count;
}

/** In any case of letters. */
export function parseRegexValue(text: string): RegExp {
  try {
    return new RegExp(text, "i");
  } catch {
    throw new InvalidArgumentError("Expecting a regular expression.");
  }
}

/** Of names, whose letters are told apart by case. */
export function parseNamePattern(text: string): RegExp {
  return new RegExp(parseRegexValue(text).source);
}

const SIZE_EXAMPLES = "a size such as 1024, 4KiB or 1mb";

/** A size that `sizeOf` reads when all options are known. */
export function parseSizeValue(text: string): SizeValue {
  const bytes = text.trim() === "" ? -1 : orInvalid(() => parseSize(text), SIZE_EXAMPLES);
  if (bytes < 0) throw new InvalidArgumentError(`Expecting ${SIZE_EXAMPLES}.`);
  return { text };
}

export interface SizeValue {
  readonly text: string;
}

/** Bytes. `--units` decides what `k` is and, as in AIStore, refuses suffixes of the other kind. */
export function sizeOf({ text }: SizeValue, { givenUnits }: Settings): number {
  const suffix = text.replace(/[\s\d.+]/g, "").toLowerCase();
  const isIec = suffix.includes("i");
  const isBytes = suffix === "" || suffix === "b";
  if ((givenUnits === "si" && isIec) || (givenUnits === "raw" && !isBytes))
    throw new UsageError(`size "${text}" does not go with --units ${givenUnits}`);
  return parseSize(text, givenUnits === "iec" ? "iec" : "suffix");
}

/** A number from 0 to 1. */
export function parseShareValue(text: string): number {
  try {
    return Number(parseShare(text));
  } catch {
    throw new InvalidArgumentError("Expecting a number from 0 to 1.");
  }
}

/** Milliseconds. Days are taken beside Go's units. */
export function parseDurationValue(text: string): number {
  const days = /^(\d+)d$/.exec(text)?.[1];
  const expected = "a time such as 250ms, 10s, 1h, 2d";
  const durationMs =
    days === undefined ? orInvalid(() => parseDurationMs(text), expected) : Number(days) * 86_400_000;
  if (durationMs < 0) throw new InvalidArgumentError(`Expecting ${expected}.`);
  return durationMs;
}

function orInvalid(parse: () => number, expected: string): number {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof AisError)) throw error;
    throw new InvalidArgumentError(`Expecting ${expected}.`);
  }
}
