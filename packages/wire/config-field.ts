/**
 * The vocabulary of configuration tables: a table names every setting with its type, default and limits, and yields the
 * TypeScript type, the defaults, the reader of stored documents and the checks of changes.
 */
import { AisError } from "@ais/base/errors.ts";
import { formatDurationNs, formatSizeExact, parseDurationNs, parseSize } from "@ais/base/units.ts";

export interface FieldOptions {
  /** The server owns it: changes are refused with 400. */
  readonly readonly?: true;
  /** Work whose absence makes every value but the default a lie: changes away from it are refused with 501. */
  readonly missing?: string;
}

/** One setting. `parse` takes the JSON value or the text of a query, and throws an Error whose message says what is expected. */
export class Field<V> {
  readonly initial: V;
  readonly parse: (value: unknown) => V;
  readonly options: FieldOptions;

  constructor(initial: V, parse: (value: unknown) => V, options: FieldOptions = {}) {
    this.initial = initial;
    this.parse = parse;
    this.options = options;
  }
}

/** A setting of many entries under free keys: `name.key=value` sets one of them, an empty value removes it. */
export class KeyedField<V> extends Field<V> {
  /** What is to be parsed in place of `current`. Throws like `parse`. */
  readonly withEntry: (current: V, key: string, text: string) => unknown;

  constructor(
    initial: V,
    parse: (value: unknown) => V,
    withEntry: (current: V, key: string, text: string) => unknown,
    options: FieldOptions = {},
  ) {
    super(initial, parse, options);
    this.withEntry = withEntry;
  }
}

type TextMap = Readonly<Record<string, string>>;

/** A map from text to text whose keys are free, such as `tracing.attributes`. */
export class MapField extends KeyedField<TextMap> {
  constructor(initial: TextMap, parse: (value: unknown) => TextMap, options: FieldOptions = {}) {
    super(initial, parse, withMapEntry, options);
  }
}

/** A section that is left out until something in it is set. */
export class Optional<S extends Table> {
  readonly table: S;
  constructor(table: S) {
    this.table = table;
  }
}

export type TableEntry = Field<unknown> | Optional<Table> | Table;
export interface Table {
  readonly [name: string]: TableEntry;
}

type OptionalNames<S> = { [K in keyof S]: S[K] extends Optional<infer _> ? K : never }[keyof S];
type EntryValue<E> =
  E extends Field<infer V> ? V : E extends Optional<infer S> ? TableValue<S> : TableValue<E>;

/** The type of the values that a table describes. */
export type TableValue<S> = {
  readonly [K in Exclude<keyof S, OptionalNames<S>>]: EntryValue<S[K]>;
} & { readonly [K in OptionalNames<S>]?: EntryValue<S[K]> };

export function bool(initial: boolean, options?: FieldOptions): Field<boolean> {
  return new Field(initial, parseBoolean, options);
}

/** An integer within `min` to `max`, a JSON number. */
export function int(
  initial: number,
  options: FieldOptions & { readonly min?: number; readonly max?: number } = {},
): Field<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = options;
  return new Field(initial, (value) => parseInteger(value, min, max), options);
}

/** An integer that is left out of JSON while it is not set. */
export function optionalInt(options: FieldOptions = {}): Field<number | undefined> {
  return new Field<number | undefined>(
    undefined,
    (value) => parseInteger(value, 0, Number.MAX_SAFE_INTEGER),
    options,
  );
}

export function text(initial: string, options?: FieldOptions): Field<string> {
  return new Field(initial, parseText, options);
}

/** Text that is left out of JSON while it is not set. */
export function optionalText(options?: FieldOptions): Field<string | undefined> {
  return new Field<string | undefined>(undefined, parseText, options);
}

export function textList(initial: readonly string[], options?: FieldOptions): Field<readonly string[]> {
  return new Field(initial, parseTextList, options);
}

export function oneOf<const V extends string>(
  values: readonly V[],
  initial: NoInfer<V>,
  options?: FieldOptions,
): Field<V> {
  const parse = (value: unknown): V => {
    const found = values.find((candidate) => candidate === value);
    if (found === undefined) throw new TypeError(`expecting one of: ${values.join(", ")}`);
    return found;
  };
  return new Field<V>(initial, parse, options);
}

/** A Go duration, text in JSON; `min` and `max` are durations too. */
export function duration(
  initial: string,
  options: FieldOptions & { readonly min?: string; readonly max?: string } = {},
): Field<string> {
  const { min, max } = options;
  const minNs = parseDurationNs(min ?? "0");
  const maxNs = max === undefined ? null : parseDurationNs(max);
  const parse = (value: unknown): string => {
    const ns = parseDurationNs(parseText(value));
    if (ns < minNs || (maxNs !== null && ns > maxNs)) {
      throw new TypeError(`expecting a duration ${rangeText(min ?? "0s", max)}`);
    }
    return formatDurationNs(ns);
  };
  return new Field(initial, parse, options);
}

export function optionalDuration(options: FieldOptions = {}): Field<string | undefined> {
  return new Field<string | undefined>(undefined, duration("0s").parse, options);
}

/** A size, text in JSON in the shortest exact IEC form. */
export function size(initial: string, options: FieldOptions = {}): Field<string> {
  const parse = (value: unknown): string => {
    const bytes =
      typeof value === "number"
        ? parseInteger(value, 0, Number.MAX_SAFE_INTEGER)
        : parseSize(parseText(value), "iec");
    if (bytes < 0) throw new TypeError("expecting a size that is not negative");
    return formatSizeExact(bytes);
  };
  return new Field(initial, parse, options);
}

/** An unsigned 64-bit integer, a decimal string in JSON. */
export function uint64(initial: string, options: FieldOptions = {}): Field<string> {
  const parse = (value: unknown): string => {
    const digits =
      typeof value === "bigint" || typeof value === "number" ? value.toString() : parseText(value);
    if (!/^\d{1,20}$/.test(digits) || BigInt(digits) >= 2n ** 64n) {
      throw new TypeError("expecting an unsigned 64-bit integer");
    }
    return BigInt(digits).toString();
  };
  return new Field(initial, parse, options);
}

export function textMap(initial: Readonly<Record<string, string>>, options?: FieldOptions): MapField {
  return new MapField(initial, parseTextMap, options);
}

export function optional<S extends Table>(table: S): Optional<S> {
  return new Optional(table);
}

const TRUE_TEXTS: ReadonlySet<string> = new Set(["1", "t", "true", "y", "yes", "on"]);
const FALSE_TEXTS: ReadonlySet<string> = new Set(["0", "f", "false", "n", "no", "off"]);

function parseBoolean(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  const lower = typeof value === "string" ? value.toLowerCase() : "";
  if (TRUE_TEXTS.has(lower)) return true;
  if (FALSE_TEXTS.has(lower)) return false;
  throw new TypeError("expecting a boolean");
}

function parseInteger(value: unknown, min: number, max: number): number {
  const number = typeof value === "string" && /^[+-]?\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number))
    throw new TypeError("expecting an integer");
  if (number < min || number > max) {
    const maxText = max === Number.MAX_SAFE_INTEGER ? undefined : String(max);
    throw new TypeError(`expecting an integer ${rangeText(String(min), maxText)}`);
  }
  return number;
}

function parseText(value: unknown): string {
  if (typeof value !== "string") throw new TypeError("expecting a string");
  return value;
}

function parseTextList(value: unknown): readonly string[] {
  if (typeof value === "string") return value === "" ? [] : value.split(",").map((item) => item.trim());
  if (!Array.isArray(value)) throw new TypeError("expecting a list of strings");
  return value.map(parseText);
}

function parseTextMap(value: unknown): Readonly<Record<string, string>> {
  let map = value;
  if (typeof value === "string") {
    try {
      map = value === "" ? {} : JSON.parse(value);
    } catch {
      throw new TypeError("expecting a JSON object of strings");
    }
  }
  if (typeof map !== "object" || map === null || Array.isArray(map))
    throw new TypeError("expecting an object of strings");
  return Object.fromEntries(Object.entries(map).map(([key, member]) => [key, parseText(member)]));
}

function withMapEntry(map: TextMap, key: string, value: string): TextMap {
  if (value !== "") return { ...map, [key]: value };
  return Object.fromEntries(Object.entries(map).filter(([name]) => name !== key));
}

function rangeText(min: string, max: string | undefined): string {
  return max === undefined ? `of at least ${min}` : `from ${min} to ${max}`;
}

const SHOWN_MAX_CHARACTERS = 512;

/** The failure of one setting, with its dotted name and the value that was refused. */
export function invalidSetting(name: string, value: unknown, cause: unknown): AisError {
  // What is right and not supported says so by itself.
  if (cause instanceof AisError && cause.code === "unsupported") return cause;
  const shown =
    typeof value === "string"
      ? `"${value}"`
      : JSON.stringify(value, (_key, member: unknown) =>
          typeof member === "bigint" ? member.toString() : member,
        );
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AisError("badRequest", `invalid value ${shortened(shown)} of "${name}": ${why}`, { cause });
}

/** What is refused for its size is not sent back whole. */
function shortened(shown: string | undefined): string | undefined {
  return shown === undefined || shown.length <= SHOWN_MAX_CHARACTERS
    ? shown
    : `${shown.slice(0, SHOWN_MAX_CHARACTERS)}…`;
}
