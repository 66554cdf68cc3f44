/** Reading and changing the values that a configuration table describes. */
import { AisError } from "@ais/base/errors.ts";
import {
  Field,
  invalidSetting,
  Optional,
  type Table,
  type TableEntry,
  type TableValue,
} from "./config-field.ts";

type Json = Readonly<Record<string, unknown>>;

export function tableDefaults<S extends Table>(table: S): TableValue<S> {
  return readSection(table, {}, "") as TableValue<S>;
}

/**
 * A stored document. What it lacks has its default, what this version does not know is left out: nodes of two versions
 * share one document. Throws `badRequest` on a value of the wrong type.
 */
export function readTable<S extends Table>(table: S, json: unknown): TableValue<S> {
  return readSection(table, expectObject(json, "document"), "") as TableValue<S>;
}

function readSection(table: Table, json: Json, path: string): Json {
  const values: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(table)) {
    const stored = Object.hasOwn(json, key) ? json[key] : undefined;
    const value = readEntry(entry, stored, joinPath(path, key));
    if (value !== undefined) values[key] = value;
  }
  return values;
}

function readEntry(entry: TableEntry, stored: unknown, path: string): unknown {
  const absent = stored === undefined || stored === null;
  if (entry instanceof Field) {
    // Nearly all stored settings are at their defaults, which are valid and in the form that parsing gives.
    return absent || stored === entry.initial ? entry.initial : parseField(entry, stored, path);
  }
  if (entry instanceof Optional)
    return absent ? undefined : readSection(entry.table, expectObject(stored, path), path);
  return readSection(entry, absent ? {} : expectObject(stored, path), path);
}

/**
 * `current` with the members of `patch` in place of its own; `null` members change nothing. Throws `badRequest` on unknown
 * names, wrong types and read-only settings, `unsupported` on settings whose work does not exist.
 */
export function patchTable<V extends object>(table: Table, current: V, patch: unknown): V {
  return patchSection(table, current as unknown as Json, expectObject(patch, "change"), "") as unknown as V;
}

function patchSection(table: Table, current: Json, patch: Json, path: string): Json {
  const values: Record<string, unknown> = { ...current };
  for (const [key, change] of Object.entries(patch)) {
    const name = joinPath(path, key);
    const entry = Object.hasOwn(table, key) ? table[key] : undefined;
    if (entry === undefined) throw unknownSetting(name);
    if (change === null || change === undefined) continue;
    values[key] = patchEntry(entry, values[key], change, name);
  }
  return values;
}

function patchEntry(entry: TableEntry, current: unknown, change: unknown, path: string): unknown {
  if (entry instanceof Field) {
    const value = parseField(entry, change, path);
    const unchanged = sameValue(value, current ?? entry.initial);
    if (entry.options.readonly && !unchanged) {
      throw new AisError("badRequest", `cannot change "${path}": it is read-only`);
    }
    if (entry.options.missing !== undefined && !sameValue(value, entry.initial)) {
      throw new AisError(
        "unsupported",
        `cannot set "${path}" to "${String(change)}": ${entry.options.missing} is not supported yet`,
      );
    }
    return value;
  }
  const table = entry instanceof Optional ? entry.table : entry;
  const before = current === undefined ? readSection(table, {}, path) : (current as Json);
  return patchSection(table, before, expectObject(change, path), path);
}

function parseField(entry: Field<unknown>, value: unknown, path: string): unknown {
  try {
    return entry.parse(value);
  } catch (cause) {
    throw invalidSetting(path, value, cause);
  }
}

export function unknownSetting(name: string): AisError {
  return new AisError("badRequest", `unknown setting "${name}"`);
}

function joinPath(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

function expectObject(value: unknown, path: string): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AisError("badRequest", `invalid value of "${path}": expecting an object`);
  }
  return value as Json;
}

/** Equality of parsed settings, which are plain JSON values with keys in table order. */
function sameValue(left: unknown, right: unknown): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}
