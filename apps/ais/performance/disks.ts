/** Tables of disks and capacity, which `ais performance` and `ais storage` share. */
import type { AisClient } from "@ais/client/ais-client.ts";
import { asJsonObject, type JsonObject, numberAt, textAt, valueAt } from "@ais/client/json-view.ts";
import { WHAT } from "@ais/wire/queries.ts";
import { formatRate, formatSize, type Units } from "../output/units.ts";
import type { PerformanceTable } from "./tables.ts";

/** `what=disk` of targets. */
export interface TargetDisks {
  readonly id: string;
  readonly disks: JsonObject;
}

export async function fetchDisks(
  client: AisClient,
  targetIds: readonly string[],
): Promise<readonly TargetDisks[]> {
  return Promise.all(targetIds.map(async (id) => ({ id, disks: await client.cluster.node(id, WHAT.disk) })));
}

const DISK_COLUMNS = [
  "READ",
  "READ(avg size)",
  "WRITE",
  "WRITE(avg size)",
  "UTIL(%)",
  "CAP USED(%)",
  "CAP AVAIL",
];

/** With `isSummary` one row a target: rates added, averages and use of all its disks together. */
export function diskTable(
  targets: readonly TargetDisks[],
  isSummary: boolean,
  units: Units,
): PerformanceTable {
  if (isSummary)
    return {
      columns: ["TARGET", ...DISK_COLUMNS],
      rows: targets.map(({ id, disks }) => [`t[${id}]`, ...diskCells(ratesOf(disks), disks, units)]),
    };
  return {
    columns: ["TARGET", "DISK", ...DISK_COLUMNS],
    rows: targets.flatMap(({ id, disks }) =>
      Object.entries(ratesOf(disks)).map(([disk, rates]) => [
        `t[${id}]`,
        disk,
        ...diskCells({ [disk]: rates }, disks, units),
      ]),
    ),
  };
}

function ratesOf(disks: JsonObject): JsonObject {
  return asJsonObject(disks["AllDiskStats"]);
}

function diskCells(rates: JsonObject, disks: JsonObject, units: Units): readonly string[] {
  const all = Object.values(rates);
  const add = (name: string): number => all.reduce<number>((sum, each) => sum + numberAt(each, name), 0);
  const mean = (name: string): number => (all.length === 0 ? 0 : add(name) / all.length);
  return [
    formatRate(add("RBps"), units),
    formatSize(mean("Ravg"), units),
    formatRate(add("WBps"), units),
    formatSize(mean("Wavg"), units),
    `${Math.round(mean("Util"))}%`,
    `${numberAt(disks, "pct_avg")}%`,
    formatSize(numberAt(disks, "total_avail"), units),
  ];
}

const CAPACITY_COLUMNS = [
  "TARGET",
  "MOUNTPATHS",
  "USED(min%, avg%, max%)",
  "CAP AVAIL",
  "Disks & File System",
  "CAP STATUS",
];

export function capacityTable(targets: readonly TargetDisks[], units: Units): PerformanceTable {
  return {
    columns: CAPACITY_COLUMNS,
    rows: targets.map(({ id, disks }) => {
      const mountpaths = Object.values(asJsonObject(disks["mountpaths"]));
      const systems = new Set(
        mountpaths.map(
          (usage) => `${diskNames(usage) || textAt(usage, "fs.Fs")}(${textAt(usage, "fs.FsType")})`,
        ),
      );
      const used = ["pct_min", "pct_avg", "pct_max"].map((name) => `${numberAt(disks, name)}%`);
      return [
        `t[${id}]`,
        String(mountpaths.length),
        used.join("  "),
        formatSize(numberAt(disks, "total_avail"), units),
        [...systems].sort().join(", "),
        textAt(disks, "cs_err") || "good",
      ];
    }),
  };
}

/** One row a mountpath, as `ais storage mountpath` shows them. */
export function mountpathTable(targets: readonly TargetDisks[], units: Units): PerformanceTable {
  return {
    columns: ["TARGET", "MOUNTPATH", "DISKS", "FILE SYSTEM", "USED(%)", "USED", "AVAIL"],
    rows: targets.flatMap(({ id, disks }) =>
      Object.entries(asJsonObject(disks["mountpaths"])).map(([path, usage]) => [
        `t[${id}]`,
        path,
        diskNames(usage) || "-",
        `${textAt(usage, "fs.Fs")}(${textAt(usage, "fs.FsType")})`,
        `${numberAt(usage, "pct_used")}%`,
        formatSize(numberAt(usage, "used"), units),
        formatSize(numberAt(usage, "avail"), units),
      ]),
    ),
  };
}

function diskNames(usage: unknown): string {
  const names = valueAt(usage, "disks");
  return Array.isArray(names) ? names.map(String).sort().join(",") : "";
}
