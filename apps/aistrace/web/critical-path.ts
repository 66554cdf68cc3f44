import type { SpanNode } from "./trace-model.ts";

export interface Section {
  readonly fromUs: number;
  readonly toUs: number;
}

interface Visit {
  readonly span: SpanNode;
  readonly untilUs: number;
}

/**
 * The spans that the end of the trace waited for: walking back from the last end below `roots`, time belongs to the child
 * that ended last, and to the span itself where nothing below it ran. Shortening anything else would not end the trace
 * earlier. Subtrees count and not spans alone, because the target of a redirect runs after the span that is its parent has
 * ended.
 */
export function criticalPath(roots: readonly SpanNode[]): Map<string, Section[]> {
  const path = new Map<string, Section[]>();
  const stack = lastToFirst(roots, Number.MAX_SAFE_INTEGER);
  for (let visit = stack.pop(); visit !== undefined; visit = stack.pop()) {
    const { span } = visit;
    const sections: Section[] = [];
    let { untilUs } = visit;
    for (const child of lastToFirst(span.children, untilUs)) {
      addOwn(sections, span, child.untilUs, untilUs);
      stack.push(child);
      untilUs = child.span.startUs;
    }
    addOwn(sections, span, span.startUs, untilUs);
    path.set(span.spanId, sections);
  }
  return path;
}

/**
 * Those of `siblings` that followed each other until `untilUs`, the last first. A sibling ends with its subtree, or with
 * itself where the subtree went on beside the sibling that came next, as that of a redirect does beside the second request
 * of the client that followed it. What ends later than that ran beside the path.
 */
function lastToFirst(siblings: readonly SpanNode[], untilUs: number): Visit[] {
  const ends = siblings.flatMap((span): Visit[] => {
    const ownEndUs = span.startUs + span.durationUs;
    const own = { span, untilUs: ownEndUs };
    return span.subtreeEndUs === ownEndUs ? [own] : [{ span, untilUs: span.subtreeEndUs }, own];
  });
  const taken = new Set<SpanNode>();
  const chosen: Visit[] = [];
  let beforeUs = untilUs;
  for (const end of ends.sort((a, b) => b.untilUs - a.untilUs)) {
    const { span } = end;
    if (end.untilUs > beforeUs || end.untilUs <= span.startUs || taken.has(span)) continue;
    taken.add(span);
    chosen.push(end);
    beforeUs = span.startUs;
  }
  return chosen;
}

/** Time after the span's own end is nobody's: the caller or the network had it. */
function addOwn(sections: Section[], span: SpanNode, fromUs: number, toUs: number): void {
  const from = Math.max(fromUs, span.startUs);
  const to = Math.min(toUs, span.startUs + span.durationUs);
  if (to > from) sections.push({ fromUs: from, toUs: to });
}
