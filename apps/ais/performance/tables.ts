/** Tables of `ais performance`, with AIStore's columns. Pure. */
import { formatCountedSize, formatLatency, formatRate, type Units } from "../output/units.ts";
import type { Measured, Sample } from "./sample.ts";

export interface PerformanceTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A column: its name, and what a target's cell says; null where there is nothing to say. */
interface Column {
  readonly name: string;
  readonly cell: (targetId: string) => string | null;
  /** Of all targets together; absent where a sum makes no sense. */
  readonly total?: () => string;
}

const UNKNOWN = "-";
const COUNT = ".n";
const SIZE = ".size";
const LATENCY = ".ns.total";
/** Fewer operations say nothing about latency, as in AIStore. */
const OPERATIONS_MIN = 4;
/** What transfers between targets count under. */
const STREAM = /^stream\.(in|out)\./;

export interface TableOptions {
  /** Columns whose names match, those among them that are zero everywhere. */
  readonly regex?: RegExp;
  readonly averageSize?: boolean;
  readonly units: Units;
}

/** `get.n` is `GET(n)`, `err.put.cksum.n` is `ERR-PUT-CKSUM(n)`. */
function columnName(group: string, unit: string): string {
  return `${group.replaceAll(".", "-").toUpperCase()}(${unit})`;
}

export function countersTable(now: Sample, measured: Measured, options: TableOptions): PerformanceTable {
  const names = Object.keys(measured.kinds).filter((name) => isCount(name) || isSize(name));
  const columns = inOrder(names).map((name): Column => {
    const group = groupOf(name);
    if (isCount(name)) return { name: columnName(group, "n"), cell: (id) => countText(now, id, name) };
    return {
      name: columnName(group, "size"),
      cell(id) {
        const bytes = figure(now, id, name);
        const count = figure(now, id, group + COUNT);
        if (bytes === 0) return null;
        const average =
          options.averageSize === true && count > 0
            ? `  ${formatCountedSize(bytes / count, options.units)}`
            : "";
        return formatCountedSize(bytes, options.units) + average;
      },
    };
  });
  return render(columns, measured, options);
}

/** Between two moments, bytes a second of whatever has both a count and a size. */
export function throughputTable(
  before: Sample,
  now: Sample,
  measured: Measured,
  options: TableOptions,
): PerformanceTable {
  return rates(before, now, measured, options, (name) => !STREAM.test(name));
}

/** The same of transfers between targets. */
export function intraDataTable(
  before: Sample,
  now: Sample,
  measured: Measured,
  options: TableOptions,
): PerformanceTable {
  return rates(before, now, measured, options, (name) => STREAM.test(name));
}

/** Between two moments, the mean time of an operation. */
export function latencyTable(
  before: Sample,
  now: Sample,
  measured: Measured,
  options: TableOptions,
): PerformanceTable {
  const names = Object.keys(measured.kinds).filter((name) => name.endsWith(LATENCY));
  const columns = inOrder(names).flatMap((name): Column[] => {
    const group = name.slice(0, -LATENCY.length);
    const mean = (ids: readonly string[]): string | null => {
      const count = sum(ids, (id) => difference(before, now, id, group + COUNT));
      const ns = sum(ids, (id) => difference(before, now, id, name));
      return count < OPERATIONS_MIN ? null : formatLatency(ns / count, options.units);
    };
    return [
      { name: columnName(group, "n"), cell: (id) => countText(now, id, group + COUNT) },
      {
        name: columnName(group, "latency"),
        cell: (id) => mean([id]),
        total: () => mean(measured.targetIds) ?? UNKNOWN,
      },
    ];
  });
  return render(columns, measured, options);
}

function rates(
  before: Sample,
  now: Sample,
  measured: Measured,
  options: TableOptions,
  isWanted: (name: string) => boolean,
): PerformanceTable {
  const { kinds, targetIds } = measured;
  const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000);
  const names = Object.keys(kinds).filter(
    (name) => isWanted(name) && isSize(name) && Object.hasOwn(kinds, groupOf(name) + COUNT),
  );
  const columns = inOrder(names).flatMap((name): Column[] => {
    const group = groupOf(name);
    const rate = (ids: readonly string[]): string =>
      formatRate(sum(ids, (id) => difference(before, now, id, name)) / seconds, options.units);
    return [
      { name: columnName(group, "n"), cell: (id) => countText(now, id, group + COUNT) },
      {
        name: columnName(group, "size"),
        cell(id) {
          const bytes = figure(now, id, name);
          return bytes === 0 ? null : formatCountedSize(bytes, options.units);
        },
      },
      {
        name: columnName(group, "bw"),
        cell: (id) => (figure(now, id, name) === 0 ? null : rate([id])),
        total: () => rate(targetIds),
      },
    ];
  });
  return render(columns, measured, options);
}

/** Without columns that have nothing to say, unless they were asked for. */
function render(
  columns: readonly Column[],
  { targetIds }: Measured,
  { regex }: TableOptions,
): PerformanceTable {
  const shown = columns.filter(({ name, cell }) =>
    regex === undefined ? targetIds.some((id) => cell(id) !== null) : regex.test(name),
  );
  const rows = targetIds.map((id) => [`t[${id}]`, ...shown.map(({ cell }) => cell(id) ?? UNKNOWN)]);
  const hasTotals = targetIds.length > 1 && shown.some(({ total }) => total !== undefined);
  if (hasTotals) rows.push(["--- Cluster:", ...shown.map(({ total }) => total?.() ?? "")]);
  return { columns: ["TARGET", ...shown.map(({ name }) => name)], rows };
}

/** Errors come last. */
function inOrder(names: readonly string[]): readonly string[] {
  const isError = (name: string): number => Number(name.startsWith("err."));
  return [...names].sort((left, right) => isError(left) - isError(right) || (left < right ? -1 : 1));
}

function isCount(name: string): boolean {
  return name.endsWith(COUNT);
}

function isSize(name: string): boolean {
  return name.endsWith(SIZE);
}

function groupOf(name: string): string {
  return name.slice(0, name.lastIndexOf("."));
}

function figure({ targets }: Sample, targetId: string, name: string): number {
  return targets.get(targetId)?.[name] ?? 0;
}

/** Figures that began anew in between, at a restart or by a reset, count from there. */
function difference(before: Sample, now: Sample, targetId: string, name: string): number {
  const [early, late] = [figure(before, targetId, name), figure(now, targetId, name)];
  return late >= early ? late - early : late;
}

function countText(sample: Sample, targetId: string, name: string): string | null {
  const count = figure(sample, targetId, name);
  return count === 0 ? null : String(count);
}

function sum(ids: readonly string[], value: (id: string) => number): number {
  return ids.reduce((total, id) => total + value(id), 0);
}
