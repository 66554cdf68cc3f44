import type { OwnTrace } from "../query/own-types.ts";

export interface SpanNode {
  /** Into `TraceModel.spans`. */
  readonly index: number;
  readonly spanId: string;
  readonly parentId: string;
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  /** Microseconds since the start of the trace. */
  readonly startUs: number;
  readonly durationUs: number;
  readonly error: boolean;
  /** From 400 on; 0 when the span answered no request, or well. */
  readonly failedStatus: number;
  /** By start time. */
  readonly children: SpanNode[];
  /** Null at the top. */
  parent: SpanNode | null;
  depth: number;
  /** Of the spans below it. */
  descendants: number;
  errorsBelow: number;
  /** When the last span of its subtree ended: after its own end where a redirect was followed or work went on. */
  subtreeEndUs: number;
  /** Time in which nothing below it ran. */
  selfUs: number;
}

export interface TraceModel {
  readonly traceId: string;
  readonly startUs: number;
  readonly durationUs: number;
  readonly spans: readonly SpanNode[];
  readonly byId: ReadonlyMap<string, SpanNode>;
  /** Each before what is below it: as the rows of a waterfall are. */
  readonly inOrder: readonly SpanNode[];
  /** Spans without a parent in this trace, by start time. */
  readonly roots: readonly SpanNode[];
  readonly services: readonly { readonly name: string; readonly spans: number }[];
  readonly errors: number;
  readonly depth: number;
}

export function buildTrace(trace: OwnTrace): TraceModel {
  const startUs = trace.spans.reduce((least, span) => Math.min(least, span[5]), Number.MAX_SAFE_INTEGER);
  const statuses = new Map(Object.entries(trace.failedStatuses));
  const spans = trace.spans.map(
    ([spanId, parentId, service, name, kind, start, durationUs, error], index): SpanNode => ({
      index,
      spanId,
      parentId,
      service: trace.services[service] ?? "",
      name: trace.names[name] ?? "",
      kind,
      startUs: start - startUs,
      durationUs,
      error,
      failedStatus: statuses.get(spanId) ?? 0,
      children: [],
      parent: null,
      depth: 0,
      descendants: 0,
      errorsBelow: 0,
      subtreeEndUs: start - startUs + durationUs,
      selfUs: durationUs,
    }),
  );
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const roots = linkParents(spans, byId);
  const inOrder = depthFirst(roots);
  for (const span of inOrder.toReversed()) addUp(span);
  return {
    traceId: trace.traceID,
    startUs,
    durationUs: spans.reduce((end, span) => Math.max(end, span.startUs + span.durationUs), 0),
    spans,
    byId,
    inOrder,
    roots,
    services: countServices(spans),
    errors: spans.filter(({ error }) => error).length,
    depth: spans.reduce((most, span) => Math.max(most, span.depth + 1), 0),
  };
}

/** Gives the roots. Spans that are each other's parents would never be reached, so the first of them becomes a root. */
function linkParents(spans: readonly SpanNode[], byId: ReadonlyMap<string, SpanNode>): SpanNode[] {
  const roots: SpanNode[] = [];
  for (const span of spans) {
    const parent = byId.get(span.parentId);
    if (parent === undefined || parent === span) {
      roots.push(span);
    } else {
      span.parent = parent;
      parent.children.push(span);
    }
  }
  const reached = new Set(depthFirst(roots));
  for (const span of spans) {
    if (reached.has(span)) continue;
    span.parent?.children.splice(span.parent.children.indexOf(span), 1);
    span.parent = null;
    roots.push(span);
    for (const below of depthFirst([span])) reached.add(below);
  }
  return roots;
}

/** Without recursion: a chain may be as long as a trace. Sets the depths. */
function depthFirst(roots: readonly SpanNode[]): SpanNode[] {
  const inOrder: SpanNode[] = [];
  const stack = roots.toReversed();
  for (let span = stack.pop(); span !== undefined; span = stack.pop()) {
    inOrder.push(span);
    span.depth = span.parent === null ? 0 : span.parent.depth + 1;
    for (const child of span.children.toReversed()) stack.push(child);
  }
  return inOrder;
}

function addUp(span: SpanNode): void {
  for (const child of span.children) {
    span.descendants += 1 + child.descendants;
    span.errorsBelow += child.errorsBelow + (child.error ? 1 : 0);
    span.subtreeEndUs = Math.max(span.subtreeEndUs, child.subtreeEndUs);
  }
  span.selfUs = span.durationUs - coveredByChildren(span);
}

/** Children are sorted by start, so one pass joins those that overlap. */
function coveredByChildren(span: SpanNode): number {
  const end = span.startUs + span.durationUs;
  let covered = 0;
  let until = span.startUs;
  for (const child of span.children) {
    const from = Math.max(child.startUs, until);
    const to = Math.min(child.subtreeEndUs, end);
    if (to <= from) continue;
    covered += to - from;
    until = to;
  }
  return covered;
}

function countServices(spans: readonly SpanNode[]): { name: string; spans: number }[] {
  const counts = new Map<string, number>();
  for (const { service } of spans) counts.set(service, (counts.get(service) ?? 0) + 1);
  return [...counts].map(([name, number]) => ({ name, spans: number })).sort((a, b) => b.spans - a.spans);
}
