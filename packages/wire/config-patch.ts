/** Changes of the cluster config: `set-config` with dotted names in the query, or with a nested value (wire-compat 5.7). */
import { systemClock } from "@ais/base/clock.ts";
import { AisError } from "@ais/base/errors.ts";
import { parseDurationNs } from "@ais/base/units.ts";
import { CLUSTER_CONFIG_TABLE, type ClusterConfig } from "./cluster-config.ts";
import { Field, invalidSetting, KeyedField, Optional, type Table, type TableEntry } from "./config-field.ts";
import { patchTable, unknownSetting } from "./config-table.ts";
import { settleRules } from "./sampling-rules.ts";
import {
  canonicalTracingKey,
  canonicalTracingPatch,
  DEFAULT_TRACING_SECTION,
  validateTracing,
} from "./tracing-config.ts";

type Json = Readonly<Record<string, unknown>>;
type Nested = { [key: string]: unknown };

const LEGACY_NAMES: Readonly<Record<string, string>> = {
  "auth.enabled": "auth.client_auth_required",
  "auth.cluster_key.enabled": "auth.intra_cluster.request_auth",
};
const LEGACY_PREFIX = "auth.cluster_key.";

/**
 * A config with the settings of `dotted` (`log.level` to `4`) in place of its own. One entry of a map is set with
 * `tracing.attributes.key=value` and removed with an empty value; a JSON object replaces the map. Throws `badRequest` on
 * unknown or read-only names and invalid values, `unsupported` on settings whose work does not exist. The version and
 * time of the change are left to the document store; sampling rules that have expired by `nowMs` go with any change.
 */
export function applyConfigPatch(
  config: ClusterConfig,
  dotted: Readonly<Record<string, string>>,
  nowMs: number = systemClock.nowMs(),
): ClusterConfig {
  const nested: Nested = {};
  for (const [name, value] of Object.entries(dotted)) addSetting(nested, config, canonicalName(name), value);
  return applyConfigJson(config, nested, nowMs);
}

/** The same for the nested value of the action `set-config`; members that are null change nothing. */
export function applyConfigJson(
  config: ClusterConfig,
  patch: unknown,
  nowMs: number = systemClock.nowMs(),
): ClusterConfig {
  const patched = patchTable(CLUSTER_CONFIG_TABLE, config, canonicalPatch(patch));
  const changed = withoutDefaultTracing(withSettledRules(patched, nowMs));
  validateClusterConfig(changed);
  return changed;
}

/** Sections and settings that cannot be changed for the time being only (wire-compat 5.7). */
const PERSISTENT_ONLY = [
  "auth",
  "net",
  "tracing",
  "memsys",
  "keepalivetracker",
  "timeout.cplane_operation",
  "timeout.max_keepalive",
];

/** Throws `unsupported` when a transient change names a setting that must persist. */
export function checkTransient(names: Iterable<string>): void {
  for (const name of names) {
    if (PERSISTENT_ONLY.some((prefix) => name === prefix || name.startsWith(`${prefix}.`))) {
      throw new AisError("unsupported", `cannot change "${name}" transiently`);
    }
  }
}

/** Rules between settings. Throws `badRequest`. */
export function validateClusterConfig(config: ClusterConfig): void {
  const { space, disk } = config;
  const watermarks = [space.cleanupwm, space.lowwm, space.highwm, space.out_of_space];
  if (space.cleanupwm === 0 || !isAscending(watermarks)) {
    throw new AisError(
      "badRequest",
      `invalid "space" watermarks ${watermarks.join(", ")}: expecting 0 < cleanupwm <= lowwm <= highwm <= out_of_space <= 100`,
    );
  }
  const { disk_util_low_wm: low, disk_util_high_wm: high, disk_util_max_wm: max } = disk;
  if (low <= 0 || high <= low || max <= high) {
    throw new AisError(
      "badRequest",
      `invalid "disk" watermarks ${low}, ${high}, ${max}: expecting 0 < disk_util_low_wm < disk_util_high_wm < disk_util_max_wm <= 100`,
    );
  }
  const { cplane_operation: operation, max_keepalive: keepalive } = config.timeout;
  if (parseDurationNs(keepalive) < 2n * parseDurationNs(operation)) {
    throw new AisError(
      "badRequest",
      `invalid value "${keepalive}" of "timeout.max_keepalive": expecting at least twice "timeout.cplane_operation", which is "${operation}"`,
    );
  }
  if (config.tracing !== undefined) validateTracing(config.tracing);
}

function isAscending(values: readonly number[]): boolean {
  return values.every((value, index) => index === 0 || value >= (values[index - 1] ?? 0));
}

function canonicalName(name: string): string {
  const legacy = Object.hasOwn(LEGACY_NAMES, name) ? LEGACY_NAMES[name] : undefined;
  if (legacy !== undefined) return legacy;
  if (name.startsWith(LEGACY_PREFIX)) return `auth.intra_cluster.${name.slice(LEGACY_PREFIX.length)}`;
  const [section, key = "", ...rest] = name.split(".");
  return section === "tracing" && rest.length === 0 && key !== ""
    ? `tracing.${canonicalTracingKey(key)}`
    : name;
}

function canonicalPatch(patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || !Object.hasOwn(patch, "tracing")) return patch;
  return { ...patch, tracing: canonicalTracingPatch((patch as Json).tracing) };
}

/** Puts one dotted setting into the nested change, with the value still a text: fields read texts as well. */
function addSetting(nested: Nested, config: ClusterConfig, name: string, value: string): void {
  const keys = name.split(".");
  let entry: TableEntry | undefined = CLUSTER_CONFIG_TABLE;
  let section = nested;
  let current: unknown = config;
  for (const [depth, key] of keys.entries()) {
    const table: Table = entry instanceof Optional ? entry.table : (entry as Table);
    entry = Object.hasOwn(table, key) ? table[key] : undefined;
    if (entry === undefined) throw unknownSetting(name);
    current = (current as Json | undefined)?.[key];
    if (entry instanceof KeyedField && depth < keys.length - 1) {
      const entryKey = keys.slice(depth + 1).join(".");
      section[key] = withEntry(entry, section[key] ?? current ?? entry.initial, entryKey, value, name);
      return;
    }
    if (entry instanceof Field) {
      if (depth < keys.length - 1) throw unknownSetting(name);
      section[key] = value;
      return;
    }
    section[key] ??= {};
    section = section[key] as Nested;
  }
  throw new AisError(
    "badRequest",
    `"${name}" is a section: name one of its settings, such as "${name}.${firstKey(entry)}"`,
  );
}

/** `current` may be what earlier settings of the same change made, one of which may have been the JSON text of the whole. */
function withEntry(
  entry: KeyedField<unknown>,
  current: unknown,
  key: string,
  value: string,
  name: string,
): unknown {
  try {
    return entry.withEntry(entry.parse(current), key, value);
  } catch (cause) {
    throw invalidSetting(name, value, cause);
  }
}

function withSettledRules(config: ClusterConfig, nowMs: number): ClusterConfig {
  const { tracing } = config;
  if (tracing === undefined || tracing.rules.length === 0) return config;
  return { ...config, tracing: { ...tracing, rules: settleRules(tracing.rules, nowMs) } };
}

function firstKey(entry: TableEntry | undefined): string {
  const table = entry instanceof Optional ? entry.table : entry;
  return Object.keys(table ?? {})[0] ?? "";
}

/** A section that says nothing is left out of JSON, as in a cluster where tracing was never configured. */
function withoutDefaultTracing(config: ClusterConfig): ClusterConfig {
  const { tracing, ...rest } = config;
  return JSON.stringify(tracing) === JSON.stringify(DEFAULT_TRACING_SECTION) ? rest : config;
}
