/** A finished span as the terminal shows it, whatever backend it was read from. */
export interface TraceSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentId: string;
  readonly service: string;
  readonly name: string;
  /** Microseconds since the epoch, with fraction where known. */
  readonly startUs: number;
  readonly durationUs: number;
  readonly error: boolean;
  /** `server`, `client`, `internal`, …; empty when unknown. */
  readonly kind: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly events: readonly TraceEvent[];
  /** Attributes of the process that recorded the span. */
  readonly resource: Readonly<Record<string, string>>;
}

export interface TraceEvent {
  readonly timeUs: number;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface SpanNode {
  readonly span: TraceSpan;
  /** By start time. */
  readonly children: readonly SpanNode[];
}

/** Spans whose parent is not among them are roots. A cycle of parents is cut where it is first met, so nothing is lost. */
export function buildSpanForest(spans: readonly TraceSpan[]): readonly SpanNode[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const childrenOf = new Map<string, TraceSpan[]>();
  const roots: TraceSpan[] = [];
  for (const span of byId.values()) {
    const isRoot = !byId.has(span.parentId) || span.parentId === span.spanId;
    if (isRoot) roots.push(span);
    else listAt(childrenOf, span.parentId).push(span);
  }
  const placed = new Set<string>();
  const grow = (span: TraceSpan): SpanNode => {
    placed.add(span.spanId);
    const children = (childrenOf.get(span.spanId) ?? []).filter((child) => !placed.has(child.spanId));
    return { span, children: children.sort(byStart).map(grow) };
  };
  const forest = roots.sort(byStart).map(grow);
  for (const span of byId.values()) if (!placed.has(span.spanId)) forest.push(grow(span));
  return forest;
}

function listAt(lists: Map<string, TraceSpan[]>, key: string): TraceSpan[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

function byStart(left: TraceSpan, right: TraceSpan): number {
  return left.startUs - right.startUs || right.durationUs - left.durationUs;
}
