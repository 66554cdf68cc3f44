/** `key=value` arguments and the nested JSON that stands for them. */
import type { JsonObject } from "@ais/client/json-view.ts";
import { UsageError } from "./errors.ts";

/** `k=v …`, `k v …` (AIStore takes both), or one JSON object, whose members come out under dotted names. */
export function parsePairs(words: readonly string[]): ReadonlyMap<string, string> {
  const [only] = words;
  if (words.length === 1 && only?.trimStart().startsWith("{") === true) return pairsFromJson(only);
  const pairs = new Map<string, string>();
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    const equals = word.indexOf("=");
    if (equals > 0) {
      pairs.set(word.slice(0, equals).trim(), word.slice(equals + 1).trim());
      continue;
    }
    const value = words[++index];
    if (equals === 0 || value === undefined || value.includes("=")) {
      throw new UsageError(`invalid setting "${word}", expecting key=value`);
    }
    pairs.set(word, value);
  }
  return pairs;
}

function pairsFromJson(text: string): ReadonlyMap<string, string> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`invalid JSON "${text}"`, { cause });
  }
  return new Map(flatten(json));
}

/** Leaves under dotted names, in the order of the document. Arrays and empty objects are leaves. */
export function flatten(json: unknown, prefix = ""): readonly (readonly [string, string])[] {
  if (typeof json === "object" && json !== null && !Array.isArray(json)) {
    const members = Object.entries(json);
    if (members.length > 0) {
      return members.flatMap(([key, value]) => flatten(value, prefix === "" ? key : `${prefix}.${key}`));
    }
    return prefix === "" ? [] : [[prefix, ""]];
  }
  return [[prefix, leafText(json)]];
}

function leafText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  return typeof value === "bigint" ? value.toString() : JSON.stringify(value);
}

/** Texts that read as JSON booleans and safe numbers become those; the cluster coerces the rest by the field's type. */
export function nestedFromPairs(pairs: ReadonlyMap<string, string>): JsonObject {
  const root: Record<string, unknown> = {};
  for (const [name, text] of pairs) {
    const keys = name.split(".");
    const leaf = keys.pop() ?? name;
    let object = root;
    for (const key of keys) {
      const inner = object[key];
      const next = typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>) : {};
      object[key] = next;
      object = next;
    }
    object[leaf] = STRING_FIELDS.has(name) ? text : typedValue(text);
  }
  return root;
}

/** 64-bit integers, which go over the wire as text (wire-compat 0.1). */
const STRING_FIELDS: ReadonlySet<string> = new Set(["access", "features"]);

function typedValue(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}
