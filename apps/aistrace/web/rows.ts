import type { SpanNode, TraceModel } from "./trace-model.ts";

/** A line of the waterfall: a span, or a run of siblings of one name that are folded into one line. */
export type Row =
  | { readonly type: "span"; readonly key: string; readonly span: SpanNode; readonly depth: number }
  | {
      readonly type: "fold";
      readonly key: string;
      readonly spans: readonly SpanNode[];
      readonly depth: number;
    };

/** Fewer siblings than this are not worth a fold. */
const FOLD_MIN_SPANS = 20;

/** What is open. Spans are open until closed, folds are closed until opened. */
export class OpenState {
  readonly #closedSpans = new Set<string>();
  readonly #openFolds = new Set<string>();

  isOpen(row: Row): boolean {
    return row.type === "span" ? !this.#closedSpans.has(row.key) : this.#openFolds.has(row.key);
  }

  set(row: Row, open: boolean): void {
    if (row.type === "span") {
      if (open) this.#closedSpans.delete(row.key);
      else this.#closedSpans.add(row.key);
    } else if (open) this.#openFolds.add(row.key);
    else this.#openFolds.delete(row.key);
  }

  closeAll(model: TraceModel): void {
    this.#openFolds.clear();
    for (const span of model.spans) if (span.children.length > 0) this.#closedSpans.add(span.spanId);
  }

  openAll(): void {
    this.#closedSpans.clear();
  }

  /** Opens whatever hides `span`. */
  reveal(span: SpanNode): void {
    for (let node: SpanNode | null = span; node !== null; node = node.parent) {
      if (node !== span) this.#closedSpans.delete(node.spanId);
      this.#openFolds.add(foldKey(node));
    }
  }
}

export function isExpandable(row: Row): boolean {
  return row.type === "fold" || row.span.children.length > 0;
}

export function rowError(row: Row): boolean {
  return row.type === "span" ? row.span.error : row.spans.some(({ error }) => error);
}

/** From the first start to the last end. */
export function rowExtent(row: Row): { readonly startUs: number; readonly durationUs: number } {
  if (row.type === "span") return row.span;
  let startUs = Number.MAX_SAFE_INTEGER;
  let endUs = 0;
  for (const span of row.spans) {
    startUs = Math.min(startUs, span.startUs);
    endUs = Math.max(endUs, span.startUs + span.durationUs);
  }
  return { startUs, durationUs: endUs - startUs };
}

/** The lines to show, from the top. Without recursion: a chain may be as long as a trace. */
export function visibleRows(model: TraceModel, state: OpenState): Row[] {
  const rows: Row[] = [];
  const stack: Row[] = siblingRows(model.roots, 0).reverse();
  for (let row = stack.pop(); row !== undefined; row = stack.pop()) {
    rows.push(row);
    if (!isExpandable(row) || !state.isOpen(row)) continue;
    const depth = row.depth + 1;
    const below =
      row.type === "fold"
        ? row.spans.map((span) => spanRow(span, depth))
        : siblingRows(row.span.children, depth);
    for (const child of below.reverse()) stack.push(child);
  }
  return rows;
}

function spanRow(span: SpanNode, depth: number): Row {
  return { type: "span", key: span.spanId, span, depth };
}

/** Siblings of one service and name are folded together, where the first of them is. */
function siblingRows(siblings: readonly SpanNode[], depth: number): Row[] {
  if (siblings.length < FOLD_MIN_SPANS) return siblings.map((span) => spanRow(span, depth));
  const groups = new Map<string, SpanNode[]>();
  for (const span of siblings) {
    const group = groups.get(foldKey(span));
    if (group === undefined) groups.set(foldKey(span), [span]);
    else group.push(span);
  }
  const rows: Row[] = [];
  const folded = new Set<string>();
  for (const span of siblings) {
    const key = foldKey(span);
    const group = groups.get(key) ?? [];
    if (group.length < FOLD_MIN_SPANS) rows.push(spanRow(span, depth));
    else if (!folded.has(key)) {
      folded.add(key);
      rows.push({ type: "fold", key, spans: group, depth });
    }
  }
  return rows;
}

function foldKey(span: SpanNode): string {
  return `${span.parent?.spanId ?? ""}\n${span.service}\n${span.name}`;
}
