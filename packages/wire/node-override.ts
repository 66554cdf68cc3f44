/** Settings of one node that differ from the cluster's (wire-compat 5.7): dotted name to text, as queries have them. */
import { AisError } from "@ais/base/errors.ts";
import * as v from "valibot";
import { CLUSTER_CONFIG_TABLE, type ClusterConfig } from "./cluster-config.ts";
import { Field, Optional, type Table, type TableEntry } from "./config-field.ts";
import { applyConfigPatch } from "./config-patch.ts";
import { unknownSetting } from "./config-table.ts";
import { freeRecord } from "./free-record.ts";
import { decodeJson } from "./json.ts";

export type NodeSettings = Readonly<Record<string, string>>;

/** Sections that must be the same on every node: AIStore's, and what identifies the cluster. */
const CLUSTER_ONLY: ReadonlySet<string> = new Set([
  "checksum",
  "tcb",
  "tco",
  "arch",
  "lso",
  "rebalance",
  "ec",
  "get_batch",
  "transport",
  "chunks",
  "mirror",
  "periodic",
  "auth",
  "backend",
  "proxy",
  "net",
  "features",
  "versioning",
  "uuid",
  "config_version",
  "lastupdate_time",
]);

const SAMPLING_RULES = "tracing.rules";

/** Throws `badRequest` for a setting that one node may not have to itself. */
export function checkNodeScope(names: Iterable<string>): void {
  for (const name of names) {
    const [section = ""] = name.split(".");
    // A rule ends some time after it was set, and these settings are applied anew at every change.
    const isRule = name === SAMPLING_RULES || name.startsWith(`${SAMPLING_RULES}.`);
    if (isRule || CLUSTER_ONLY.has(section))
      throw new AisError("badRequest", `cannot change "${name}" of one node: it is a setting of the cluster`);
  }
}

/** The config of a node. Throws what a change of the cluster's config throws. */
export function withNodeSettings(config: ClusterConfig, settings: NodeSettings): ClusterConfig {
  return Object.keys(settings).length === 0 ? config : applyConfigPatch(config, settings);
}

/** The leaves of a nested change; what a field holds is one leaf. Members that are null change nothing. */
export function flatSettings(patch: unknown): NodeSettings {
  const settings: Record<string, string> = {};
  flatten(CLUSTER_CONFIG_TABLE, patch, "", settings);
  return settings;
}

function flatten(entry: TableEntry, value: unknown, name: string, settings: Record<string, string>): void {
  if (value === null || value === undefined) return;
  if (entry instanceof Field) {
    settings[name] = typeof value === "string" ? value : JSON.stringify(value);
    return;
  }
  if (typeof value !== "object" || Array.isArray(value))
    throw new AisError("badRequest", `invalid value of "${name}": expecting an object`);
  const table: Table = entry instanceof Optional ? entry.table : entry;
  for (const [key, member] of Object.entries(value)) {
    const below = name === "" ? key : `${name}.${key}`;
    const next = Object.hasOwn(table, key) ? table[key] : undefined;
    if (next === undefined) throw unknownSetting(below);
    flatten(next, member, below, settings);
  }
}

const FileSchema = v.object({ settings: freeRecord(v.string()) });

/** The file in which a node keeps them. Throws when it is not one. */
export function parseNodeSettings(text: string): NodeSettings {
  return v.parse(FileSchema, decodeJson(text)).settings;
}

export function encodeNodeSettings(settings: NodeSettings): string {
  return `${JSON.stringify({ settings }, null, 2)}\n`;
}
