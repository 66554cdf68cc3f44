import { errorText } from "@ais/base/errors.ts";
import { parseDurationMs, parseSize } from "@ais/base/units.ts";
import { OPTIONS, type OptionEntry, type OptionName, type OptionValues } from "./table.ts";
import { UNSUPPORTED } from "./unsupported.ts";
import { UsageError } from "./usage-error.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

const NAMES = Object.keys(OPTIONS) as readonly OptionName[];
const NAME_BY_SPELLING: ReadonlyMap<string, OptionName> = new Map(
  NAMES.flatMap((name) => {
    const entry: OptionEntry = OPTIONS[name];
    return [name, ...(entry.aliases ?? [])].map((spelling): [string, OptionName] => [spelling, name]);
  }),
);
/** AIStore's loader takes these words too. */
const WORDS: ReadonlyMap<string, OptionName> = new Map([
  ["usage", "help"],
  ["help", "help"],
  ["version", "version"],
]);
/** As Go's `ParseBool`, in any case, and AIStore's additions. */
const TRUE = /^(1|t|true|y|yes|on)$/i;
const FALSE = /^(0|f|false|n|no|off)$/i;

/** Flags over environment over defaults. Throws `UsageError`. */
export function parseFlags(argv: readonly string[], env: Environment): OptionValues {
  const given = readFlags(argv);
  const values: Record<string, string | number | boolean | null> = {};
  for (const name of NAMES) {
    const entry: OptionEntry = OPTIONS[name];
    const fromEnv = entry.env === undefined ? undefined : env[entry.env];
    const text = given.get(name) ?? (fromEnv === "" ? undefined : fromEnv) ?? entry.default;
    values[name] = text === undefined ? null : parseValue(name, entry, text);
  }
  // The loop filled every name of the table with the value that its kind has.
  return values as OptionValues;
}

function readFlags(argv: readonly string[]): ReadonlyMap<OptionName, string> {
  const given = new Map<OptionName, string>();
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? "";
    const match = /^--?([A-Za-z0-9][\w.-]*)(?:=(.*))?$/s.exec(word);
    const name = match === null ? WORDS.get(word) : flagName(match[1] ?? "");
    if (name === undefined) throw new UsageError(`unexpected argument "${word}"`);
    const entry: OptionEntry = OPTIONS[name];
    let value = match?.[2];
    if (value === undefined) {
      const next = argv[index + 1];
      if (entry.kind === "switch") {
        const isBool = next !== undefined && /^(true|false)$/i.test(next);
        value = isBool ? next : "true";
        if (isBool) index++;
      } else {
        if (next === undefined) throw new UsageError(`-${name} needs a value`);
        value = next;
        index++;
      }
    }
    given.set(name, value);
  }
  return given;
}

function flagName(spelling: string): OptionName {
  const name = NAME_BY_SPELLING.get(spelling);
  if (name !== undefined) return name;
  const reason = Object.hasOwn(UNSUPPORTED, spelling) ? UNSUPPORTED[spelling] : undefined;
  throw new UsageError(
    reason === undefined
      ? `unknown flag -${spelling}, see --help`
      : `-${spelling} is not supported: ${reason}`,
  );
}

function parseValue(name: string, entry: OptionEntry, text: string): string | number | boolean {
  const fail = (wanted: string): UsageError => new UsageError(`-${name} is "${text}", want ${wanted}`);
  switch (entry.kind) {
    case "text":
      return text;
    case "choice":
      if (entry.choices?.includes(text) === true) return text;
      throw fail(`one of ${(entry.choices ?? []).join(", ")}`);
    case "switch":
      if (TRUE.test(text)) return true;
      if (FALSE.test(text)) return false;
      throw fail("true or false");
    case "integer":
    case "percent": {
      const max = entry.kind === "percent" ? 100 : Number.MAX_SAFE_INTEGER;
      const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
      if (value <= max) return value;
      throw fail(`a whole number from 0 to ${max}`);
    }
    case "ratio": {
      const value = /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
      if (value <= 1) return value;
      throw fail("a number from 0 to 1");
    }
    case "size":
      return notNegative(name, text, (given) => parseSize(given, "iec"));
    case "duration":
      return notNegative(name, text, parseDurationMs);
  }
}

function notNegative(name: string, text: string, parse: (text: string) => number): number {
  let value: number;
  try {
    value = parse(text);
  } catch (error) {
    throw new UsageError(`-${name}: ${errorText(error)}`);
  }
  if (value < 0) throw new UsageError(`-${name} is "${text}", want nothing negative`);
  return value;
}
