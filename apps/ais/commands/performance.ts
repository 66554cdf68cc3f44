/** `ais performance`, which is also `ais show performance` and `ais show cluster stats`; `ais storage disk` and `mountpath`. */
import { sleep } from "@ais/base/lifecycle.ts";
import type { Command } from "commander";
import type { CommandContext, Runtime } from "../context.ts";
import { parseRegexValue } from "../option-values.ts";
import type { Units } from "../output/units.ts";
import {
  capacityTable,
  diskTable,
  fetchDisks,
  mountpathTable,
  type TargetDisks,
} from "../performance/disks.ts";
import { chooseMeasured, type Measured, type Sample, takeSample } from "../performance/sample.ts";
import {
  countersTable,
  intraDataTable,
  latencyTable,
  type PerformanceTable,
  type TableOptions,
  throughputTable,
} from "../performance/tables.ts";
import { type RefreshOptions, showRepeatedly, withRefreshOptions } from "../refresh.ts";

type Options = RefreshOptions & Omit<TableOptions, "units">;

/** Between the two looks that a rate needs, unless `--refresh` says otherwise. */
const INTERVAL_MS = 2000;

/** A view of what has been counted, or of what was counted between two looks. */
interface View {
  readonly summary: string;
  readonly table: (
    before: Sample,
    now: Sample,
    measured: Measured,
    options: TableOptions,
  ) => PerformanceTable;
}

const COUNTERS = "counters";
const RATE_VIEWS: Readonly<Record<string, View>> = {
  throughput: { summary: "show bytes a second of GET, PUT and others", table: throughputTable },
  latency: { summary: "show the mean time of GET, PUT and others", table: latencyTable },
  "intra-data": { summary: "show what targets send each other", table: intraDataTable },
};

export function performanceCommand(runtime: Runtime, parent: Command, name: string): void {
  const group = parent
    .command(name)
    .summary("show counters, throughput, latency, disks and capacity of targets")
    .argument("[target]", "TARGET_ID; all targets when left out");
  runtime.handle<Options>(withOptions(group), async (context, [target], options) => {
    const measured = await chooseMeasured(context.client, textOf(target));
    await showViews(context, measured, [COUNTERS, ...Object.keys(RATE_VIEWS)], options);
  });
  view(runtime, group, COUNTERS, "show numbers and sizes of operations, and of their errors");
  for (const [each, { summary }] of Object.entries(RATE_VIEWS)) view(runtime, group, each, summary);
  disksCommand(runtime, group, "disk", "show what disks read and write");
  disksCommand(runtime, group, "capacity", "show mountpaths, disks, used and available space");
}

export function storageDiskCommands(runtime: Runtime, parent: Command): void {
  disksCommand(runtime, parent, "disk", "show what disks read and write");
  disksCommand(runtime, parent, "mountpath", "show mountpaths, their disks and their space");
}

function view(runtime: Runtime, group: Command, name: string, summary: string): void {
  const command = group.command(name).summary(summary).argument("[target]", "TARGET_ID");
  runtime.handle<Options>(withOptions(command), async (context, [target], options) => {
    await showViews(context, await chooseMeasured(context.client, textOf(target)), [name], options);
  });
}

function withOptions(command: Command): Command {
  return withRefreshOptions(command)
    .option(
      "--regex <pattern>",
      'columns that match, such as "put|err", also where they are zero',
      parseRegexValue,
    )
    .option("--average-size", "mean sizes beside the sizes of counters");
}

function textOf(argument: unknown): string {
  return argument === undefined ? "" : String(argument);
}

async function showViews(
  context: CommandContext,
  measured: Measured,
  names: readonly string[],
  options: Options,
): Promise<void> {
  const { client, io } = context;
  const tableOptions: TableOptions = { ...options, units: context.settings.units };
  const hasRates = names.some((name) => name !== COUNTERS);
  let before = await takeSample(client, measured);
  if (hasRates) await sleep(options.refresh ?? INTERVAL_MS, io.signal);
  await showRepeatedly(context, options, async () => {
    io.signal.throwIfAborted();
    const now = await takeSample(client, measured);
    const tables = names.map((name): [string, PerformanceTable] => [
      name,
      RATE_VIEWS[name]?.table(before, now, measured, tableOptions) ??
        countersTable(now, measured, tableOptions),
    ]);
    before = now;
    printTables(context, tables);
  });
}

function printTables(
  context: CommandContext,
  tables: readonly (readonly [string, PerformanceTable])[],
): void {
  if (context.settings.json) {
    context.printJson(Object.fromEntries(tables.map(([name, table]) => [name, rowsJson(table)])));
    return;
  }
  for (const [index, [name, { columns, rows }]] of tables.entries()) {
    if (tables.length > 1) context.print(`${index === 0 ? "" : "\n"}${context.colors.blue(name)}`);
    context.printTable(
      columns.map((column) => ({ name: column })),
      rows,
    );
  }
}

function rowsJson({ columns, rows }: PerformanceTable): readonly object[] {
  return rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index] ?? ""])));
}

interface DiskOptions extends RefreshOptions {
  readonly regex?: RegExp;
  readonly summary?: boolean;
}

function disksCommand(
  runtime: Runtime,
  parent: Command,
  name: "disk" | "capacity" | "mountpath",
  summary: string,
): void {
  const command = withRefreshOptions(parent.command(name).summary(summary).argument("[target]", "TARGET_ID"));
  if (name === "disk") command.option("--summary", "one row for each target");
  command.option("--regex <pattern>", "columns that match, beside those that name the row", parseRegexValue);
  const tableOf = (targets: readonly TargetDisks[], options: DiskOptions, units: Units): PerformanceTable => {
    if (name === "disk") return diskTable(targets, options.summary === true, units);
    return name === "capacity" ? capacityTable(targets, units) : mountpathTable(targets, units);
  };
  runtime.handle<DiskOptions>(command, async (context, [target], options) => {
    const { targetIds } = await chooseMeasured(context.client, textOf(target));
    await showRepeatedly(context, options, async () => {
      const targets = await fetchDisks(context.client, targetIds);
      if (context.settings.json)
        return context.printJson(Object.fromEntries(targets.map(({ id, disks }) => [id, disks])));
      const { columns, rows } = tableOf(targets, options, context.settings.units);
      context.printTable(
        columns.map((column) => ({ name: column, hidden: !isShown(column, options) })),
        rows,
      );
    });
  });
}

const ROW_NAMES: ReadonlySet<string> = new Set(["TARGET", "DISK", "MOUNTPATH"]);

function isShown(column: string, { regex }: DiskOptions): boolean {
  return regex === undefined || ROW_NAMES.has(column) || regex.test(column);
}
