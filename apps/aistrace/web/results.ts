import type { OwnSummary } from "../query/own-types.ts";
import { h, replaceChildren } from "./dom.ts";
import { ago, clock, count, day, duration, plural } from "./format.ts";
import type { Page } from "./page.ts";
import { navigate, tracePath } from "./router.ts";
import { scatter } from "./scatter.ts";

const ORDERS = {
  recent: ["Most recent", (a: OwnSummary, b: OwnSummary) => b.startTime - a.startTime],
  longest: ["Longest", (a: OwnSummary, b: OwnSummary) => b.duration - a.duration],
  shortest: ["Shortest", (a: OwnSummary, b: OwnSummary) => a.duration - b.duration],
  spans: ["Most spans", (a: OwnSummary, b: OwnSummary) => b.spanCount - a.spanCount],
  errors: ["Most errors", (a: OwnSummary, b: OwnSummary) => b.errorCount - a.errorCount],
} as const;
type Order = keyof typeof ORDERS;

const SERVICES_SHOWN = 4;

/** A chart of time and duration, and the list in the chosen order. */
export function resultList(page: Page, traces: readonly OwnSummary[]): Element[] {
  const longestUs = traces.reduce((most, { duration }) => Math.max(most, duration), 1);
  const withErrors = traces.filter(({ errorCount }) => errorCount > 0).length;
  const list = h("ol", { class: "traces" });
  const show = (order: Order): void => {
    const sorted = traces.toSorted(ORDERS[order][1]);
    replaceChildren(list, ...sorted.map((trace) => resultRow(page, trace, longestUs)));
  };
  const order = h("select", {
    attributes: { "aria-label": "order" },
    on: { change: () => show(isOrder(order.value) ? order.value : "recent") },
  });
  for (const [value, [text]] of Object.entries(ORDERS))
    order.append(h("option", { attributes: { value } }, text));
  show("recent");
  const heading = h(
    "div",
    { class: "results-head" },
    h("h1", {}, plural(traces.length, "trace")),
    withErrors === 0 ? null : h("span", { class: "badge bad" }, `${count(withErrors)} with errors`),
    h("span", { class: "grow" }),
    order,
  );
  return [heading, scatter(traces, (trace) => navigate(tracePath(trace.traceID))), list];
}

function isOrder(value: string): value is Order {
  return value in ORDERS;
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
        h("code", { class: "dim", title: trace.traceID }, trace.traceID.slice(0, 8)),
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
        h("span", { class: "badge" }, plural(trace.spanCount, "span")),
        ...chips,
        more > 0 ? h("span", { class: "dim" }, `+${more} more`) : null,
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
