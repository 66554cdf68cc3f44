import type { OwnSummary } from "../query/own-types.ts";
import { h } from "./dom.ts";
import { ago, clock, count, day, duration, plural } from "./format.ts";
import type { Page } from "./page.ts";
import { lastTrace, navigate, searchPath, tracePath } from "./router.ts";
import { scatter } from "./scatter.ts";
import { limitOf, nextLimit, withParameter } from "./search-query.ts";

type Compare = (a: OwnSummary, b: OwnSummary) => number;

/** The server finds the latest and the longest of all traces; by the others the latest are sorted. */
const ORDERS: Readonly<Record<string, readonly [title: string, compare: Compare]>> = {
  latest: ["Most recent", (a, b) => b.startTime - a.startTime],
  longest: ["Longest", (a, b) => b.duration - a.duration],
  shortest: ["Shortest", (a, b) => a.duration - b.duration],
  spans: ["Most spans", (a, b) => b.spanCount - a.spanCount],
  errors: ["Most errors", (a, b) => b.errorCount - a.errorCount],
};
const DEFAULT_ORDER = "latest";

const SERVICES_SHOWN = 4;
const MAX_SEARCH_PX = 1500;
const FORM_AND_GAPS_PX = 290 + 3 * 18;

/** A chart of time and duration, and the list in the order that `query` asks for. */
export function resultList(
  page: Page,
  traces: readonly OwnSummary[],
  query: URLSearchParams,
): readonly (Element | null)[] {
  const longestUs = traces.reduce((most, { duration }) => Math.max(most, duration), 1);
  const [, compare] = ORDERS[orderOf(query)] ?? [];
  const rows = traces.toSorted(compare).map((trace) => resultRow(page, trace, longestUs));
  return [
    heading(traces, query),
    scatter(traces, chartWidth(page), (trace) => navigate(tracePath(trace.traceID))),
    h("ol", { class: "traces" }, ...rows),
    isCut(traces, query) ? moreLink(query) : null,
  ];
}

/** What the form and the gaps beside it leave: see `search.css`. */
function chartWidth({ root }: Page): number {
  return Math.min(root.clientWidth, MAX_SEARCH_PX) - FORM_AND_GAPS_PX;
}

function heading(traces: readonly OwnSummary[], query: URLSearchParams): HTMLElement {
  const withErrors = traces.filter(({ errorCount }) => errorCount > 0).length;
  const which = orderOf(query) === "longest" ? "the longest" : "the latest";
  return h(
    "div",
    { class: "results-head" },
    h("h1", {}, plural(traces.length, "trace")),
    isCut(traces, query) ? h("span", { class: "dim" }, `${which}; there may be more`) : null,
    withErrors === 0 ? null : h("span", { class: "badge bad" }, `${count(withErrors)} with errors`),
    h("span", { class: "grow" }),
    orderChoice(query),
  );
}

function orderChoice(query: URLSearchParams): HTMLElement {
  const order = h("select", {
    attributes: { "aria-label": "order", name: "order" },
    on: { change: () => navigate(searchPath(withParameter(query, "order", order.value))) },
  });
  for (const [value, [text]] of Object.entries(ORDERS)) {
    const option = h("option", { attributes: { value } }, text);
    option.selected = value === orderOf(query);
    order.append(option);
  }
  return order;
}

function orderOf(query: URLSearchParams): string {
  const order = query.get("order") ?? "";
  return Object.hasOwn(ORDERS, order) ? order : DEFAULT_ORDER;
}

/** Ids are asked for without a limit. */
function isCut(traces: readonly OwnSummary[], query: URLSearchParams): boolean {
  return !query.has("traceID") && traces.length >= limitOf(query);
}

function moreLink(query: URLSearchParams): HTMLElement | null {
  const limit = nextLimit(query);
  if (limit === null) return null;
  const href = searchPath(withParameter(query, "limit", limit));
  return h("a", { class: "button more", attributes: { href } }, `Find up to ${limit}`);
}

/** Whence somebody comes back: the row that was opened, for the keyboard to go on from. */
export function focusOpened(results: HTMLElement): void {
  const opened = lastTrace();
  if (opened === "") return;
  results
    .querySelector<HTMLElement>(`a[href="${CSS.escape(tracePath(opened))}"]`)
    ?.focus({ preventScroll: true });
}

/** One link: the whole row opens the trace, with the mouse and with the keyboard. */
function resultRow(page: Page, trace: OwnSummary, longestUs: number): HTMLLIElement {
  const bar = h("span", { class: "duration-bar" });
  bar.style.width = `${Math.max(0.4, (trace.duration / longestUs) * 100)}%`;
  bar.style.background = page.colors.of(trace.rootService);
  const chips = trace.services.slice(0, SERVICES_SHOWN).map(({ name, spanCount, errorCount }) => {
    const chip = h(
      "span",
      {
        class: errorCount > 0 ? "chip bad" : "chip",
        title: `${plural(spanCount, "span")}, ${plural(errorCount, "error")}`,
      },
      h("b", {}, name),
      count(spanCount),
    );
    chip.style.setProperty("--service", page.colors.of(name));
    return chip;
  });
  const more = trace.services.length - SERVICES_SHOWN;
  return h(
    "li",
    { class: trace.errorCount > 0 ? "trace failed" : "trace" },
    h(
      "a",
      { attributes: { href: tracePath(trace.traceID) } },
      h(
        "span",
        { class: "trace-title" },
        h(
          "span",
          { class: "trace-name" },
          h("span", { class: "dim" }, `${trace.rootService} `),
          trace.rootName,
        ),
        trace.object === "" ? null : h("span", { class: "trace-object", title: trace.object }, trace.object),
      ),
      h(
        "span",
        { class: "trace-when", title: `${day(trace.startTime)} ${clock(trace.startTime)}` },
        ago(trace.startTime, Date.now()),
        h("span", { class: "dim" }, ` · ${clock(trace.startTime)}`),
      ),
      h(
        "span",
        { class: "trace-facts" },
        trace.errorCount === 0 ? null : h("span", { class: "badge bad" }, plural(trace.errorCount, "error")),
        trace.failedStatus === 0
          ? null
          : h("span", { class: statusClass(trace.failedStatus) }, `HTTP ${trace.failedStatus}`),
        h("span", { class: "badge" }, plural(trace.spanCount, "span")),
        ...chips,
        more > 0 ? h("span", { class: "dim" }, `+${more} more`) : null,
        h("code", { class: "dim", title: trace.traceID }, trace.traceID.slice(0, 8)),
      ),
      h(
        "span",
        { class: "trace-bar" },
        bar,
        h("span", { class: "trace-duration" }, duration(trace.duration)),
      ),
    ),
  );
}

/** Of a badge: what the server is to blame for, and what the caller is. */
export function statusClass(status: number): string {
  return status >= 500 ? "badge bad" : "badge warn";
}
