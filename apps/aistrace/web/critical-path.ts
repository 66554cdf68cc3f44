import type { SpanNode } from "./trace-model.ts";

export interface Section {
  readonly fromUs: number;
  readonly toUs: number;
}

/**
 * The spans that the end of the trace waited for: walking back from the end of a root, time belongs to the child that
 * ended last, and to the span itself where no child ran. Shortening anything else would not end the trace earlier.
 */
export function criticalPath(root: SpanNode): Map<string, Section[]> {
  const path = new Map<string, Section[]>();
  const stack: { span: SpanNode; untilUs: number }[] = [{ span: root, untilUs: endUs(root) }];
  for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
    const { span } = item;
    const sections: Section[] = [];
    let untilUs = item.untilUs;
    for (const child of span.children.toSorted((a, b) => endUs(b) - endUs(a))) {
      // Clocks differ by microseconds: a child that seems to outlive its parent ends with it.
      const childEndUs = Math.min(endUs(child), endUs(span));
      if (childEndUs > untilUs || childEndUs <= child.startUs || child.startUs < span.startUs) continue;
      if (childEndUs < untilUs) sections.push({ fromUs: childEndUs, toUs: untilUs });
      stack.push({ span: child, untilUs: childEndUs });
      untilUs = child.startUs;
    }
    if (untilUs > span.startUs) sections.push({ fromUs: span.startUs, toUs: untilUs });
    path.set(span.spanId, sections);
  }
  return path;
}

function endUs(span: SpanNode): number {
  return span.startUs + span.durationUs;
}
