import type { Section } from "./critical-path.ts";
import { h, replaceChildren } from "./dom.ts";
import { count, duration } from "./format.ts";
import type { Page } from "./page.ts";
import type { SpanNode, TraceModel } from "./trace-model.ts";

interface Group {
  readonly service: string;
  readonly name: string;
  spans: number;
  errors: number;
  totalUs: number;
  maxUs: number;
  selfUs: number;
  criticalUs: number;
  longest: SpanNode;
}

const COLUMNS = [
  ["Spans", (group: Group) => group.spans, count],
  ["Errors", (group: Group) => group.errors, count],
  ["Average", (group: Group) => group.totalUs / group.spans, duration],
  ["Longest", (group: Group) => group.maxUs, duration],
  ["Total", (group: Group) => group.totalUs, duration],
  ["Self time", (group: Group) => group.selfUs, duration],
  ["Critical path", (group: Group) => group.criticalUs, duration],
] as const;
const SELF_TIME = 5;

/**
 * Where the time went: spans of one service and name together. Self time is what no child accounts for; the critical path is
 * the part of it that the end of the trace waited for. A name leads to its longest span.
 */
export function statistics(
  page: Page,
  model: TraceModel,
  critical: ReadonlyMap<string, readonly Section[]>,
  reveal: (span: SpanNode) => void,
): HTMLElement {
  const groups = [...groupSpans(model, critical).values()];
  const mostSelfUs = groups.reduce((most, { selfUs }) => Math.max(most, selfUs), 1);
  const body = h("tbody");
  const headings = COLUMNS.map(([title], column) =>
    h(
      "th",
      { class: "number", attributes: { scope: "col" } },
      h(
        "button",
        { class: "link", attributes: { type: "button" }, on: { click: () => show(column) } },
        title,
      ),
    ),
  );
  const show = (column: number): void => {
    const [, value] = COLUMNS[column] ?? COLUMNS[SELF_TIME];
    for (const [i, heading] of headings.entries())
      heading.setAttribute("aria-sort", i === column ? "descending" : "none");
    const sorted = groups.toSorted((a, b) => value(b) - value(a));
    replaceChildren(body, ...sorted.map((group) => row(page, group, mostSelfUs, reveal)));
  };
  show(SELF_TIME);
  return h(
    "div",
    { class: "statistics" },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, h("th", { attributes: { scope: "col" } }, "Span"), ...headings)),
      body,
    ),
  );
}

function row(
  page: Page,
  group: Group,
  mostSelfUs: number,
  reveal: (span: SpanNode) => void,
): HTMLTableRowElement {
  const share = h("span", { class: "share" });
  share.style.width = `${(group.selfUs / mostSelfUs) * 100}%`;
  const longest = h(
    "button",
    {
      class: "link",
      title: "show the longest of them",
      attributes: { type: "button" },
      on: { click: () => reveal(group.longest) },
    },
    group.name,
  );
  const name = h(
    "th",
    { class: "group-name", attributes: { scope: "row" } },
    h("b", {}, group.service),
    longest,
    share,
  );
  const line = h("tr", { class: group.errors > 0 ? "bad" : "" }, name);
  line.style.setProperty("--service", page.colors.of(group.service));
  for (const [, value, format] of COLUMNS) line.append(h("td", { class: "number" }, format(value(group))));
  return line;
}

function groupSpans(
  model: TraceModel,
  critical: ReadonlyMap<string, readonly Section[]>,
): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const span of model.spans) {
    const key = `${span.service}\n${span.name}`;
    const group = groups.get(key) ?? {
      service: span.service,
      name: span.name,
      spans: 0,
      errors: 0,
      totalUs: 0,
      maxUs: 0,
      selfUs: 0,
      criticalUs: 0,
      longest: span,
    };
    group.spans += 1;
    group.errors += span.error ? 1 : 0;
    group.totalUs += span.durationUs;
    group.maxUs = Math.max(group.maxUs, span.durationUs);
    group.selfUs += span.selfUs;
    for (const { fromUs, toUs } of critical.get(span.spanId) ?? []) group.criticalUs += toUs - fromUs;
    if (span.durationUs > group.longest.durationUs) group.longest = span;
    groups.set(key, group);
  }
  return groups;
}
