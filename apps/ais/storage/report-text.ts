/** Reports of checks, for people. */
import {
  DAMAGE_KINDS,
  type Damage,
  type DamageKind,
  damageCount,
  type MountpathReport,
} from "@ais/wire/storage-report.ts";
import type { CommandContext } from "../context.ts";
import { counted, formatSize, type Units } from "../output/units.ts";

const COLUMNS = ["MOUNTPATH", "OBJECTS", "FILES", "SIZE", "VERIFIED", "DAMAGES"] as const;

/** `target` is empty for a mountpath that was looked at without one. */
export interface TargetReport {
  readonly target: string;
  readonly report: MountpathReport;
}

/** A table of the mountpaths, every damage, and the sums. True when there is damage. */
export function printReports(context: CommandContext, reports: readonly TargetReport[]): boolean {
  const hasTargets = reports.some(({ target }) => target !== "");
  context.printTable(
    [{ name: "TARGET", hidden: !hasTargets }, ...COLUMNS.map((name) => ({ name }))],
    reports.map(({ target, report }) => [target, ...row(report, context.settings.units)]),
  );
  for (const { report } of reports) printDamages(context, report);
  const total = reports.reduce((sum, { report }) => sum + damageCount(report), 0);
  context.print("");
  const text = totals(reports);
  const leftOvers = text === "" ? "" : ` Left over, to be removed at the next start: ${text}`;
  context.print(total === 0 ? `No damage found.${leftOvers}` : `Found ${counted(total, "damage")}: ${text}`);
  return total > 0;
}

function isIndexDamaged({ counts }: MountpathReport): boolean {
  return (counts["damaged-index"] ?? 0) + (counts["bad-record"] ?? 0) > 0;
}

function row(report: MountpathReport, units: Units): readonly string[] {
  const total = damageCount(report);
  return [
    report.mountpath,
    String(report.objects),
    String(report.object_files),
    formatSize(report.object_bytes, units),
    report.verified_objects === 0
      ? "-"
      : `${report.verified_objects} (${formatSize(report.verified_bytes, units)})`,
    `${total === 0 ? "-" : total}${report.finished ? "" : " (unfinished)"}`,
  ];
}

function printDamages(context: CommandContext, report: MountpathReport): void {
  const { damages, damages_omitted, lost_records, aside, mountpath } = report;
  if (damages.length > 0) {
    context.print("");
    const cells = damages.map((damage) => [damage.kind, subject(damage), damage.detail]);
    context.printTable([{ name: "DAMAGE" }, { name: "OBJECT OR FILE" }, { name: "DETAIL" }], cells);
  }
  if (damages_omitted > 0) context.print(`… and ${counted(damages_omitted, "more damage")} in ${mountpath}`);
  if (lost_records === null)
    context.print(`${mountpath}: the index is unreadable, its objects are not known`);
  else if (lost_records > 0) {
    context.print(`${mountpath}: ${counted(lost_records, "record")} of the index cannot be read`);
  }
  if (lost_records !== 0 || isIndexDamaged(report))
    context.print(`To restore the index: ais storage rebuild --mountpath "${mountpath}"`);
  for (const directory of aside) context.print(`${mountpath}: an earlier rebuild kept data in ${directory}`);
}

function subject({ object, path }: Damage): string {
  return object === "" || path === "" ? `${object}${path}` : `${object} (${path})`;
}

function totals(reports: readonly TargetReport[]): string {
  const counts = new Map<DamageKind, number>();
  for (const { report } of reports) {
    for (const kind of Object.keys(DAMAGE_KINDS) as DamageKind[]) {
      const count = report.counts[kind] ?? 0;
      if (count > 0) counts.set(kind, (counts.get(kind) ?? 0) + count);
    }
  }
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(", ");
}
