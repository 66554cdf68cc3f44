/** Two traces beside each other as text. Pure: the comparison in, lines out. */
import { type Colors, padVisible, truncate, visibleWidth } from "../output/colors.ts";
import { counted, formatMicroseconds } from "../output/units.ts";
import type {
  ComparedAttribute,
  ComparedSide,
  ComparedSpan,
  TraceComparison,
  TraceSummary,
} from "./compare.ts";

export interface ComparisonOptions {
  /** Columns of the terminal; a narrower one than `WIDTH_MIN` is written past its edge. */
  readonly width: number;
  readonly colors: Colors;
  /** The attributes that differ under each span. */
  readonly verbose: boolean;
}

interface Row {
  readonly service: string;
  /** With the branches of the tree before it. */
  readonly name: string;
  /** Of the columns from `BEFORE` on. */
  readonly numbers: readonly string[];
  readonly selfChangeUs: number;
  readonly attributes: readonly ComparedAttribute[];
  /** What lines below the row begin with. */
  readonly margin: string;
}

const WIDTH_MIN = 80;
const BAR_WIDTH = 12;
const GAP = "  ";
const NUMBER_HEADERS = ["BEFORE", "AFTER", "CHANGE", "OF ITSELF"] as const;
const HEADER: Row = {
  service: "SERVICE",
  name: "SPAN",
  numbers: NUMBER_HEADERS,
  selfChangeUs: 0,
  attributes: [],
  margin: "",
};

export function renderComparison(
  comparison: TraceComparison,
  { width, colors, verbose }: ComparisonOptions,
): readonly string[] {
  const { before, after, spans } = comparison;
  const rows = [...rowsOf(spans, "", true), uncoveredRow(before, after)];
  const widest = (texts: readonly string[]): number => Math.max(...texts.map(visibleWidth));
  const all = [HEADER, ...rows];
  const serviceWidth = widest(all.map(({ service }) => service));
  const numberWidths = NUMBER_HEADERS.map((_, at) => widest(all.map(({ numbers }) => numbers[at] ?? "")));
  const taken = serviceWidth + sum(numberWidths) + BAR_WIDTH + (numberWidths.length + 2) * GAP.length;
  const nameWidth = Math.min(widest(all.map(({ name }) => name)), Math.max(width, WIDTH_MIN) - taken);
  const services = [...new Set(rows.map(({ service }) => service))];
  const largestUs = Math.max(...rows.map(({ selfChangeUs }) => Math.abs(selfChangeUs)));
  const cells = ({ service, name, numbers }: Row): readonly string[] => [
    colors.hue(services.indexOf(service), padVisible(service, serviceWidth)),
    padVisible(truncate(name, nameWidth), nameWidth),
    ...numbers.map((text, at) => text.padStart(numberWidths[at] ?? 0)),
  ];
  const lines = rows.flatMap((row) => [
    [...cells(row), bar(row.selfChangeUs, largestUs, colors)].join(GAP).trimEnd(),
    ...(verbose ? attributeLines(row, serviceWidth, colors) : []),
  ]);
  const head = [headLine("before", before, colors), headLine("after ", after, colors), ""];
  return [...head, colors.bold(cells(HEADER).join(GAP)), ...lines];
}

function rowsOf(level: readonly ComparedSpan[], indent: string, isTop: boolean): readonly Row[] {
  return level.flatMap((span, index) => {
    const isLast = index === level.length - 1;
    const tree = isTop ? "" : indent + (isLast ? "└ " : "├ ");
    const below = isTop ? "" : indent + (isLast ? "  " : "│ ");
    const { service, before, after, changeUs, selfChangeUs, attributes, children } = span;
    const row: Row = {
      service,
      name: tree + labelOf(span),
      numbers: [sideText(before), sideText(after), signed(changeUs), signed(selfChangeUs)],
      selfChangeUs,
      attributes,
      margin: below + (children.length > 0 ? "│   " : "    "),
    };
    return [row, ...rowsOf(children, below, false)];
  });
}

/** What spans do not explain is told as well: a redirect has to be followed, a network to be crossed. */
function uncoveredRow(before: TraceSummary, after: TraceSummary): Row {
  const changeUs = after.uncoveredUs - before.uncoveredUs;
  const [first, second] = [before, after].map(({ uncoveredUs }) => formatMicroseconds(uncoveredUs));
  return {
    service: "",
    name: "(between spans)",
    numbers: [first ?? "", second ?? "", signed(changeUs), signed(changeUs)],
    selfChangeUs: changeUs,
    attributes: [],
    margin: "",
  };
}

function labelOf({ name, before, after }: ComparedSpan): string {
  const [first, second] = [before?.count ?? 0, after?.count ?? 0];
  if (first <= 1 && second <= 1) return name;
  return first === second ? `${name} ×${first}` : `${name} ×${first}→${second}`;
}

function sideText(side: ComparedSide | null): string {
  if (side === null) return "-";
  return formatMicroseconds(side.durationUs) + (side.errors > 0 ? " !" : "");
}

function signed(changeUs: number): string {
  return changeUs > 0 ? `+${formatMicroseconds(changeUs)}` : formatMicroseconds(changeUs);
}

/** As long as the change of the span itself is large, beside the largest. */
function bar(changeUs: number, largestUs: number, colors: Colors): string {
  const length = largestUs === 0 ? 0 : Math.round((Math.abs(changeUs) / largestUs) * BAR_WIDTH);
  return changeUs > 0 ? colors.red("█".repeat(length)) : colors.green("▒".repeat(length));
}

function headLine(side: string, trace: TraceSummary, colors: Colors): string {
  const parts = [
    `${side}  ${colors.bold(trace.traceId)}`,
    new Date(trace.startUs / 1000).toISOString(),
    counted(trace.spans, "span"),
    formatMicroseconds(trace.durationUs),
  ];
  if (trace.errors > 0) parts.push(colors.red(counted(trace.errors, "error")));
  return parts.join(GAP);
}

function attributeLines(
  { attributes, margin }: Row,
  serviceWidth: number,
  colors: Colors,
): readonly string[] {
  const indent = " ".repeat(serviceWidth + GAP.length) + margin;
  return attributes.map(({ name, before, after }) =>
    colors.dim(`${indent}${name}: ${before || "-"} → ${after || "-"}`),
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
