import type { OwnTrace } from "../query/own-types.ts";
import { lengthWithin, outside, type Parts, union } from "./coverage.ts";

export interface SpanNode {
  /** Into `TraceModel.spans`. */
  readonly index: number;
  readonly spanId: string;
  readonly parentId: string;
  readonly service: string;
  /** Which of several programs of the service; empty when it does not say. */
  readonly instance: string;
  readonly name: string;
  readonly kind: string;
  /** Microseconds since the start of the trace. */
  readonly startUs: number;
  readonly durationUs: number;
  readonly error: boolean;
  /** From 400 on; 0 when the span answered no request, or well. */
  readonly failedStatus: number;
  readonly events: readonly { readonly atUs: number; readonly name: string }[];
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
  /** Services of which more than one program is in the trace, such as the targets of a listing. */
  readonly plural: ReadonlySet<string>;
  readonly errors: number;
  readonly depth: number;
}

export function buildTrace(trace: OwnTrace): TraceModel {
  const startUs = trace.spans.reduce((least, span) => Math.min(least, span[5]), Number.MAX_SAFE_INTEGER);
  const statuses = new Map(Object.entries(trace.failedStatuses));
  const events = new Map(Object.entries(trace.events));
  const spans = trace.spans.map(
    ([spanId, parentId, service, name, kind, start, durationUs, error, instance], index): SpanNode => ({
      index,
      spanId,
      parentId,
      service: trace.services[service] ?? "",
      instance: trace.instances[instance] ?? "",
      name: trace.names[name] ?? "",
      kind,
      startUs: start - startUs,
      durationUs,
      error,
      failedStatus: statuses.get(spanId) ?? 0,
      events: (events.get(spanId) ?? []).map(([timeUs, event]) => ({ atUs: timeUs - startUs, name: event })),
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
  const beyond = new Map<SpanNode, Parts>();
  for (const span of inOrder.toReversed()) addUp(span, beyond);
  return {
    traceId: trace.traceID,
    startUs,
    durationUs: spans.reduce((end, span) => Math.max(end, span.startUs + span.durationUs), 0),
    spans,
    byId,
    inOrder,
    roots,
    services: countServices(spans),
    plural: pluralServices(spans),
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

/** `beyond` has what ran of a subtree while the span at its top did not. */
function addUp(span: SpanNode, beyond: Map<SpanNode, Parts>): void {
  for (const child of span.children) {
    span.descendants += 1 + child.descendants;
    span.errorsBelow += child.errorsBelow + (child.error ? 1 : 0);
    span.subtreeEndUs = Math.max(span.subtreeEndUs, child.subtreeEndUs);
  }
  const endUs = span.startUs + span.durationUs;
  const below = union(
    span.children.flatMap((child) => {
      const own: Parts = [[child.startUs, child.startUs + child.durationUs]];
      return [...own, ...(beyond.get(child) ?? [])];
    }),
  );
  span.selfUs = span.durationUs - lengthWithin(below, span.startUs, endUs);
  const left = outside(below, span.startUs, endUs);
  if (left.length > 0) beyond.set(span, left);
}

function countServices(spans: readonly SpanNode[]): { name: string; spans: number }[] {
  const counts = new Map<string, number>();
  for (const { service } of spans) counts.set(service, (counts.get(service) ?? 0) + 1);
  return [...counts].map(([name, number]) => ({ name, spans: number })).sort((a, b) => b.spans - a.spans);
}

function pluralServices(spans: readonly SpanNode[]): Set<string> {
  const first = new Map<string, string>();
  const several = new Set<string>();
  for (const { service, instance } of spans) {
    const known = first.get(service);
    if (known === undefined) first.set(service, instance);
    else if (known !== instance) several.add(service);
  }
  return several;
}
