import type { SpanNode } from "./trace-model.ts";

export interface Section {
  readonly fromUs: number;
  readonly toUs: number;
}

/**
 * The spans that the end of the trace waited for: walking back from the last end below `roots`, time belongs to the child
 * whose subtree ended last, and to the span itself where nothing below it ran. Shortening anything else would not end
 * the trace earlier. Subtrees count and not spans alone, because the target of a redirect runs after the span that is
 * its parent has ended.
 */
export function criticalPath(roots: readonly SpanNode[]): Map<string, Section[]> {
  const path = new Map<string, Section[]>();
  const stack: { span: SpanNode; untilUs: number }[] = [];
  let rootsUntilUs = Number.MAX_SAFE_INTEGER;
  for (const span of roots.toSorted((a, b) => b.subtreeEndUs - a.subtreeEndUs)) {
    if (span.subtreeEndUs > rootsUntilUs) continue;
    stack.push({ span, untilUs: span.subtreeEndUs });
    rootsUntilUs = span.startUs;
  }
  for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
    const { span } = item;
    const sections: Section[] = [];
    let untilUs = item.untilUs;
    for (const child of span.children.toSorted((a, b) => b.subtreeEndUs - a.subtreeEndUs)) {
      // What ends later than this ran beside the path.
      if (child.subtreeEndUs > untilUs || child.subtreeEndUs <= child.startUs) continue;
      addOwn(sections, span, child.subtreeEndUs, untilUs);
      stack.push({ span: child, untilUs: child.subtreeEndUs });
      untilUs = child.startUs;
    }
    addOwn(sections, span, span.startUs, untilUs);
    path.set(span.spanId, sections);
  }
  return path;
}

/** Time after the span's own end is nobody's: the caller or the network had it. */
function addOwn(sections: Section[], span: SpanNode, fromUs: number, toUs: number): void {
  const from = Math.max(fromUs, span.startUs);
  const to = Math.min(toUs, span.startUs + span.durationUs);
  if (to > from) sections.push({ fromUs: from, toUs: to });
}
