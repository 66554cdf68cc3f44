/** A trace as text: a tree of spans beside bars on one time axis. Pure: spans and a width in, lines out. */
import { type Colors, padVisible, truncate, visibleWidth } from "./output/colors.ts";
import { counted, formatMicroseconds } from "./output/units.ts";
import { shownAttributes } from "./trace/attributes.ts";
import { ProcessList } from "./trace/process-list.ts";
import { type SpanRow, spanRows } from "./trace/rows.ts";
import { buildSpanForest, type TraceSpan } from "./trace/span.ts";

export interface WaterfallOptions {
  /** Columns of the terminal; a narrower one than `WIDTH_MIN` is written past its edge. */
  readonly width: number;
  readonly colors: Colors;
  /** Attributes and events under each span, those of the processes at the end, and no folding. */
  readonly verbose: boolean;
}

export const WIDTH_MIN = 60;
const DURATION_WIDTH = 9;
const BAR_WIDTH_MIN = 20;
const GAP = "  ";
/** As wide as the gap, in which it stands. */
const ERROR_MARK = " !";

interface Scale {
  readonly startUs: number;
  readonly durationUs: number;
  readonly width: number;
}

/** Spans of one trace, in any order. Empty for no spans. */
export function renderWaterfall(spans: readonly TraceSpan[], options: WaterfallOptions): readonly string[] {
  if (spans.length === 0) return [];
  const rows = spanRows(buildSpanForest(spans), { fold: !options.verbose });
  const services = [...new Set([...rows, ...spans].map(({ service }) => service))];
  const paint = (service: string, text: string) => options.colors.hue(services.indexOf(service), text);
  const width = Math.max(options.width, WIDTH_MIN);
  const serviceWidth = Math.min(Math.max(...services.map(visibleWidth)), Math.floor(width / 5));
  const roomWidth = width - serviceWidth - DURATION_WIDTH - 3 * GAP.length;
  const wantedWidth = Math.max(...rows.map((row) => visibleWidth(row.tree + row.label)));
  const nameWidth = Math.min(wantedWidth, roomWidth - BAR_WIDTH_MIN);
  const startUs = Math.min(...spans.map((span) => span.startUs));
  const endUs = Math.max(...spans.map((span) => span.startUs + span.durationUs));
  const scale = { startUs, durationUs: Math.max(endUs - startUs, 1), width: roomWidth - nameWidth };

  const processes = new ProcessList();
  const lines = [header(spans, services, scale.durationUs, options.colors)];
  lines.push(" ".repeat(serviceWidth + nameWidth + DURATION_WIDTH + 3 * GAP.length) + axis(scale));
  for (const row of rows) {
    const name = truncate(row.tree + row.label, nameWidth);
    const tree = name.slice(0, row.tree.length);
    const label = name.slice(row.tree.length);
    const mark = (text: string) => (row.errors > 0 ? options.colors.red(text) : text);
    const cells = [
      paint(row.service, padVisible(truncate(row.service, serviceWidth), serviceWidth)),
      padVisible(options.colors.dim(tree) + mark(label), nameWidth),
      formatMicroseconds(row.durationUs).padStart(DURATION_WIDTH),
    ];
    const bars = row.errors > 0 ? mark(bar(row, scale)) : paint(row.service, bar(row, scale));
    lines.push(cells.join(GAP) + (row.errors > 0 ? mark(ERROR_MARK) : GAP) + bars);
    if (options.verbose) {
      const process = processes.nameOf(row);
      lines.push(...details(row, process, serviceWidth, startUs, options.colors));
    }
  }
  lines.push(...processes.lines().map((line) => options.colors.dim(line)));
  return lines;
}

function header(
  spans: readonly TraceSpan[],
  services: readonly string[],
  durationUs: number,
  colors: Colors,
): string {
  const errors = spans.filter((span) => span.error).length;
  const parts = [
    `trace ${colors.bold(spans[0]?.traceId ?? "")}`,
    counted(services.length, "service"),
    counted(spans.length, "span"),
    formatMicroseconds(durationUs),
  ];
  if (errors > 0) parts.push(colors.red(counted(errors, "error")));
  return parts.join(GAP);
}

/** `0` at the left edge, the whole duration at the right one, quarters between them while there is room. */
function axis(scale: Scale): string {
  const end = formatMicroseconds(scale.durationUs);
  let line = "0";
  for (const quarter of [1, 2, 3]) {
    const text = formatMicroseconds((scale.durationUs * quarter) / 4);
    const column = Math.floor((scale.width * quarter) / 4);
    if (column <= line.length || column + text.length >= scale.width - end.length) continue;
    line = line.padEnd(column) + text;
  }
  return line.padEnd(scale.width - end.length) + end;
}

function bar(row: SpanRow, scale: Scale): string {
  const toColumn = (timeUs: number) => ((timeUs - scale.startUs) / scale.durationUs) * scale.width;
  const from = Math.min(Math.floor(toColumn(row.startUs)), scale.width - 1);
  const length = Math.round(toColumn(row.startUs + row.spreadUs) - toColumn(row.startUs));
  const cells = length < 1 ? "▏" : (row.count > 1 ? "▒" : "█").repeat(Math.min(length, scale.width - from));
  return " ".repeat(from) + cells;
}

function details(
  row: SpanRow,
  process: string,
  indent: number,
  traceStartUs: number,
  colors: Colors,
): readonly string[] {
  const margin = " ".repeat(indent + GAP.length) + row.continuation;
  const lines = process === "" ? [] : [`${margin}  ${process}`];
  lines.push(...shownAttributes(row.attributes).map(([key, value]) => `${margin}  ${key}=${value}`));
  for (const event of row.events) {
    const attributes = Object.entries(event.attributes).map(([key, value]) => ` ${key}=${value}`);
    lines.push(
      `${margin}  @${formatMicroseconds(event.timeUs - traceStartUs)} ${event.name}${attributes.join("")}`,
    );
  }
  return lines.map((line) => colors.dim(line));
}
