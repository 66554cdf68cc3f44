/** From a tree of spans to rows of text, repeated siblings folded into one row. */
import type { SpanNode, TraceEvent, TraceSpan } from "./span.ts";

export interface SpanRow {
  /** Branch characters before the label. */
  readonly tree: string;
  /** Branch characters of lines that belong below the row. */
  readonly continuation: string;
  readonly service: string;
  readonly label: string;
  readonly startUs: number;
  /** Of one span its own; of folded spans the sum. */
  readonly durationUs: number;
  /** From the first start to the last end: what the bar covers. */
  readonly spreadUs: number;
  /** Spans in this row, not counting descendants. */
  readonly count: number;
  /** Spans in error in this row, folded descendants included. */
  readonly errors: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly events: readonly TraceEvent[];
  readonly resource: TraceSpan["resource"];
}

/** More siblings than this with one name and service become one row. */
export const FOLD_ABOVE = 3;

export function spanRows(
  forest: readonly SpanNode[],
  options: { readonly fold: boolean },
): readonly SpanRow[] {
  const rows: SpanRow[] = [];
  const place = (nodes: readonly SpanNode[], indent: string, isTop: boolean): void => {
    const groups = options.fold ? foldSiblings(nodes) : nodes.map((node) => [node]);
    groups.forEach((group, index) => {
      const last = index === groups.length - 1;
      const tree = isTop ? "" : indent + (last ? "└ " : "├ ");
      const below = isTop ? "" : indent + (last ? "  " : "│ ");
      const children = group.length === 1 ? (group[0]?.children ?? []) : [];
      rows.push(makeRow(group, tree, below + (children.length > 0 ? "│ " : "  ")));
      place(children, below, false);
    });
  };
  place(forest, "", true);
  return rows;
}

/** Groups stay where their first member stood. */
function foldSiblings(nodes: readonly SpanNode[]): readonly (readonly SpanNode[])[] {
  const groups = new Map<string, SpanNode[]>();
  for (const node of nodes) {
    const key = `${node.span.service}\0${node.span.name}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [node]);
    else group.push(node);
  }
  const folded = [...groups.values()].flatMap((group) =>
    group.length > FOLD_ABOVE ? [group] : group.map((node) => [node]),
  );
  return folded.sort((left, right) => startOf(left) - startOf(right));
}

function startOf(group: readonly SpanNode[]): number {
  return group[0]?.span.startUs ?? 0;
}

function makeRow(group: readonly SpanNode[], tree: string, continuation: string): SpanRow {
  const spans = group.map((node) => node.span);
  const [first] = spans;
  const startUs = Math.min(...spans.map((span) => span.startUs));
  const endUs = Math.max(...spans.map((span) => span.startUs + span.durationUs));
  const errors =
    group.length === 1 ? Number(first?.error) : group.reduce((sum, node) => sum + errorsBelow(node), 0);
  return {
    tree,
    continuation,
    service: first?.service ?? "",
    label: (first?.name ?? "") + (group.length === 1 ? "" : ` ×${group.length}`),
    startUs,
    durationUs: spans.reduce((sum, span) => sum + span.durationUs, 0),
    spreadUs: endUs - startUs,
    count: group.length,
    errors,
    attributes: group.length === 1 ? (first?.attributes ?? {}) : {},
    events: group.length === 1 ? (first?.events ?? []) : [],
    resource: first?.resource ?? {},
  };
}

function errorsBelow(node: SpanNode): number {
  return node.children.reduce((sum, child) => sum + errorsBelow(child), node.span.error ? 1 : 0);
}
