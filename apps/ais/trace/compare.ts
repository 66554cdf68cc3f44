/**
 * Two traces as one tree: spans stand beside each other that have the same service, name and way from the root, siblings of one
 * name together. What one trace has and the other has not is there as well.
 */
import { shownAttributes } from "./attributes.ts";
import { buildSpanForest, type SpanNode, type TraceSpan } from "./span.ts";

/** What one of the traces has at a place of the tree. */
export interface ComparedSide {
  /** Spans there. */
  readonly count: number;
  /** Their sum. */
  readonly durationUs: number;
  /** The part of it in which none of their children ran. */
  readonly selfUs: number;
  readonly errors: number;
}

export interface ComparedSpan {
  readonly service: string;
  readonly name: string;
  /** Null: that trace has no such span. */
  readonly before: ComparedSide | null;
  readonly after: ComparedSide | null;
  /** After less before, of time and of self time; what is not there took none. */
  readonly changeUs: number;
  readonly selfChangeUs: number;
  /** Attributes that differ, where each trace has one span; an attribute that one has not is empty there. */
  readonly attributes: readonly ComparedAttribute[];
  readonly children: readonly ComparedSpan[];
}

export interface ComparedAttribute {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

export interface TraceSummary {
  readonly traceId: string;
  /** Microseconds since the epoch. */
  readonly startUs: number;
  /** From the first start to the last end. */
  readonly durationUs: number;
  /** The part of it in which no span ran: the client's time, and the network's. */
  readonly uncoveredUs: number;
  readonly spans: number;
  readonly errors: number;
}

export interface TraceComparison {
  readonly before: TraceSummary;
  readonly after: TraceSummary;
  /** In the order of the trace before; what only the other has comes after that. */
  readonly spans: readonly ComparedSpan[];
}

/** Neither trace may be empty. */
export function compareTraces(before: readonly TraceSpan[], after: readonly TraceSpan[]): TraceComparison {
  return {
    before: summaryOf(before),
    after: summaryOf(after),
    spans: compareLevel(buildSpanForest(before), buildSpanForest(after)),
  };
}

function summaryOf(spans: readonly TraceSpan[]): TraceSummary {
  const startUs = Math.min(...spans.map((span) => span.startUs));
  const durationUs = Math.max(...spans.map(endOf)) - startUs;
  const inOrder = [...spans].sort((left, right) => left.startUs - right.startUs);
  return {
    traceId: spans[0]?.traceId ?? "",
    startUs,
    durationUs,
    uncoveredUs: durationUs - coveredUs(inOrder, startUs, startUs + durationUs),
    spans: spans.length,
    errors: spans.filter(({ error }) => error).length,
  };
}

function compareLevel(before: readonly SpanNode[], after: readonly SpanNode[]): readonly ComparedSpan[] {
  const places = new Map<string, { before: SpanNode[]; after: SpanNode[] }>();
  const put = (nodes: readonly SpanNode[], side: "before" | "after"): void => {
    for (const node of nodes) {
      const key = JSON.stringify([node.span.service, node.span.name]);
      const place = places.get(key) ?? { before: [], after: [] };
      place[side].push(node);
      places.set(key, place);
    }
  };
  put(before, "before");
  put(after, "after");
  return [...places.values()].map(comparePlace);
}

function comparePlace(place: {
  readonly before: readonly SpanNode[];
  readonly after: readonly SpanNode[];
}): ComparedSpan {
  const before = sideOf(place.before);
  const after = sideOf(place.after);
  const { service, name } = (place.before[0] ?? (place.after[0] as SpanNode)).span;
  return {
    service,
    name,
    before,
    after,
    changeUs: (after?.durationUs ?? 0) - (before?.durationUs ?? 0),
    selfChangeUs: (after?.selfUs ?? 0) - (before?.selfUs ?? 0),
    attributes: differingAttributes(place.before, place.after),
    children: compareLevel(
      place.before.flatMap(({ children }) => children),
      place.after.flatMap(({ children }) => children),
    ),
  };
}

function sideOf(nodes: readonly SpanNode[]): ComparedSide | null {
  if (nodes.length === 0) return null;
  const sum = (amount: (node: SpanNode) => number): number =>
    nodes.reduce((total, node) => total + amount(node), 0);
  return {
    count: nodes.length,
    durationUs: sum(({ span }) => span.durationUs),
    selfUs: sum(selfUs),
    errors: sum(({ span }) => Number(span.error)),
  };
}

/** Children may overlap, and outlive their parent where work goes on after a reply. */
function selfUs({ span, children }: SpanNode): number {
  const inOrder = children.map((child) => child.span);
  return span.durationUs - coveredUs(inOrder, span.startUs, endOf(span));
}

/** How much of the time between has one of the spans, which are in the order of their starts. */
function coveredUs(spans: readonly TraceSpan[], fromUs: number, untilUs: number): number {
  let sumUs = 0;
  let reachedUs = fromUs;
  for (const span of spans) {
    const startUs = Math.max(span.startUs, reachedUs);
    const endUs = Math.min(endOf(span), untilUs);
    if (endUs <= startUs) continue;
    sumUs += endUs - startUs;
    reachedUs = endUs;
  }
  return sumUs;
}

function endOf({ startUs, durationUs }: TraceSpan): number {
  return startUs + durationUs;
}

function differingAttributes(
  [before, ...moreBefore]: readonly SpanNode[],
  [after, ...moreAfter]: readonly SpanNode[],
): readonly ComparedAttribute[] {
  if (before === undefined || after === undefined || moreBefore.length + moreAfter.length > 0) return [];
  const [left, right] = [before.span.attributes, after.span.attributes];
  return shownAttributes({ ...left, ...right })
    .map(([name]) => ({ name, before: left[name] ?? "", after: right[name] ?? "" }))
    .filter((attribute) => attribute.before !== attribute.after);
}
