import type { OwnGraph, OwnGraphNode } from "../query/own-types.ts";
import { fetchGraph } from "./api.ts";
import { h, replaceChildren } from "./dom.ts";
import { count, duration, plural } from "./format.ts";
import { graphPicture } from "./graph-picture.ts";
import type { Page } from "./page.ts";
import { graphPath, navigate, searchPath } from "./router.ts";

const LOOKBACKS = [
  ["15m", "Last 15 minutes"],
  ["1h", "Last hour"],
  ["6h", "Last 6 hours"],
  ["24h", "Last 24 hours"],
  ["2d", "Last 2 days"],
] as const;
const DEFAULT_LOOKBACK = "1h";
const GROUPS = [
  ["service", "Services"],
  ["instance", "Nodes"],
] as const;

/** Who calls whom, with how many calls, how many of them failed, and how long they took. */
export async function showGraph(page: Page, query: URLSearchParams): Promise<void> {
  document.title = "Service graph · aistrace";
  const lookback = query.get("lookback") ?? DEFAULT_LOOKBACK;
  const by = query.get("by") ?? "service";
  const graph = await fetchGraph(new URLSearchParams({ lookback, by }), page.signal);
  const go = (changes: Readonly<Record<string, string>>): void =>
    navigate(graphPath(new URLSearchParams({ lookback, by, ...changes })));
  const tools = h(
    "div",
    { class: "results-head" },
    h("h1", {}, "Service graph"),
    h(
      "span",
      { class: "badge" },
      `${plural(graph.traces, "trace")}${graph.isComplete ? "" : ", the latest"}`,
    ),
    h("span", { class: "grow" }),
    choice("show", GROUPS, by, (value) => go({ by: value })),
    choice("time", LOOKBACKS, lookback, (value) => go({ lookback: value })),
  );
  const nothing = h(
    "div",
    { class: "message" },
    h("h1", {}, "No traces"),
    h("p", {}, "Nothing arrived in that time. Look back further."),
  );
  const pathOf = (node: OwnGraphNode): string => searchOf(node, lookback);
  const content =
    graph.nodes.length === 0
      ? [nothing]
      : [
          h("div", { class: "panel graph-frame" }, graphPicture(page, graph, pathOf)),
          graph.calls.length === 0 ? null : callTable(page, graph),
        ];
  replaceChildren(page.root, h("div", { class: "graph" }, tools, ...content));
}

function searchOf({ service, instance }: OwnGraphNode, lookback: string): string {
  const query = new URLSearchParams({ service, lookback });
  if (instance !== "") query.set("tags", JSON.stringify({ "service.instance.id": instance }));
  return searchPath(query);
}

function choice(
  name: string,
  options: readonly (readonly [string, string])[],
  chosen: string,
  choose: (value: string) => void,
): HTMLSelectElement {
  const select = h("select", {
    attributes: { "aria-label": name },
    on: { change: () => choose(select.value) },
  });
  for (const [value, text] of options) {
    const option = h("option", { attributes: { value } }, text);
    option.selected = value === chosen;
    select.append(option);
  }
  return select;
}

function callTable(page: Page, { nodes, calls }: OwnGraph): HTMLElement {
  const name = (index: number): HTMLElement => {
    const node = nodes[index];
    const cell = h(
      "td",
      { class: "group-name" },
      h("b", {}, node?.service ?? ""),
      h("span", { class: "dim" }, node?.instance ?? ""),
    );
    cell.style.setProperty("--service", page.colors.of(node?.service ?? ""));
    return cell;
  };
  const number = (text: string): HTMLElement => h("td", { class: "number" }, text);
  const rows = calls
    .toSorted((a, b) => b.calls - a.calls)
    .map((call) =>
      h(
        "tr",
        { class: call.errors > 0 ? "bad-call" : "" },
        name(call.from),
        name(call.to),
        number(count(call.calls)),
        number(count(call.errors)),
        number(duration(call.averageUs)),
      ),
    );
  const heading = (text: string, style = ""): HTMLElement =>
    h("th", { class: style, attributes: { scope: "col" } }, text);
  return h(
    "div",
    { class: "statistics graph-table" },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heading("From"),
          heading("To"),
          heading("Calls", "number"),
          heading("Errors", "number"),
          heading("Average", "number"),
        ),
      ),
      h("tbody", {}, ...rows),
    ),
  );
}
