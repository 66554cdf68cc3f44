import { ApiError, fetchTrace } from "./api.ts";
import { criticalPath } from "./critical-path.ts";
import { h, replaceChildren } from "./dom.ts";
import { FindBox } from "./find-box.ts";
import { keyHelp } from "./key-help.ts";
import { listenForKey } from "./keys.ts";
import { isNarrow, type Page } from "./page.ts";
import { lastSearch, noteAddress, noteTrace, type TraceRoute, tracePath } from "./router.ts";
import { spanPanel } from "./span-panel.ts";
import { statistics } from "./statistics.ts";
import { traceHeader } from "./trace-header.ts";
import { buildTrace, type SpanNode, type TraceModel } from "./trace-model.ts";
import { TraceTabs } from "./trace-tabs.ts";
import { Waterfall } from "./waterfall.ts";

const LOOK_INTERVAL_MS = 2000;
const LOOK_FOR_MS = 60_000;

export async function showTrace(page: Page, route: TraceRoute): Promise<void> {
  const { traceId, spanId, tab } = route;
  document.title = `${traceId.slice(0, 8)} · aistrace`;
  replaceChildren(page.root, h("p", { class: "hint" }, "Reading the trace…"));
  try {
    const model = buildTrace(await fetchTrace(traceId, page.signal));
    // The model's id is in full length, whatever the address had.
    noteTrace(model.traceId);
    page.colors.learn(model.services.map(({ name }) => name).sort());
    layOut(page, model, spanId, tab);
  } catch (error) {
    if (!isMissing(error)) throw error;
    replaceChildren(page.root, missing(traceId));
    showWhenStored(page, traceId);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** Programs send their spans some seconds after a request: who has its id may be here first. */
function showWhenStored(page: Page, traceId: string): void {
  const look = (): void => {
    fetchTrace(traceId, page.signal).then(
      () => window.dispatchEvent(new PopStateEvent("popstate")),
      () => undefined,
    );
  };
  const timer = setInterval(look, LOOK_INTERVAL_MS);
  const stop = (): void => clearInterval(timer);
  setTimeout(stop, LOOK_FOR_MS);
  page.signal.addEventListener("abort", stop);
}

function missing(traceId: string): HTMLElement {
  return h(
    "section",
    { class: "message" },
    h("h1", {}, "No such trace"),
    h(
      "p",
      {},
      "Trace ",
      h("code", {}, traceId),
      " is not stored: it may be past the limits of age and size, or not have arrived yet. This page goes on by itself when it does.",
    ),
    h("a", { class: "button", attributes: { href: lastSearch() } }, "Search"),
  );
}

function layOut(page: Page, model: TraceModel, spanId: string, tab: string): void {
  const [root] = model.roots;
  document.title = `${root?.name ?? model.traceId} · aistrace`;
  const panel = h("aside", { class: "span-panel", attributes: { "aria-label": "span", hidden: true } });
  const critical = criticalPath(model.roots);
  let shown: SpanNode | null = null;

  const note = (): void => {
    if (tabs.body.isConnected) noteAddress(tracePath(model.traceId, shown?.spanId ?? "", tabs.current));
  };
  const select = (span: SpanNode | null): void => {
    shown = span;
    panel.hidden = span === null;
    note();
    if (span !== null) {
      if (isNarrow()) split.scrollIntoView();
      spanPanel(page, model, span, panel, {
        isCurrent: () => shown === span,
        open: reveal,
        close: () => waterfall.select(null),
        zoomTo: (other) => {
          tabs.show("");
          waterfall.zoomTo(other);
        },
      });
    }
  };
  const waterfall = new Waterfall(page, model, critical, select);
  const reveal = (span: SpanNode): void => {
    tabs.show("");
    waterfall.reveal(span);
  };
  const find = new FindBox(model, page.signal, { mark: (spans) => waterfall.mark(spans), reveal });
  const tabs = new TraceTabs(
    [
      { id: "", name: "Waterfall", content: waterfall.element },
      { id: "statistics", name: "Statistics", content: statistics(page, model, critical, reveal) },
    ],
    (id) => {
      waterfall.tools.hidden = id !== "";
      note();
      if (id === "") waterfall.redraw();
    },
  );
  const nextError = (): void => {
    const span = errorAfter(model, shown);
    if (span !== null) reveal(span);
  };
  const tools = h(
    "div",
    { class: "trace-tools" },
    tabs.list,
    find.element,
    h("span", { class: "grow" }),
    waterfall.tools,
    keyHelp(page),
  );
  const linked = model.byId.get(spanId);
  tabs.show(tab);
  const split = h("div", { class: "trace-split" }, tabs.body, panel);
  replaceChildren(
    page.root,
    h(
      "div",
      { class: "trace-view" },
      traceHeader(page, model, nextError),
      spanId !== "" && linked === undefined
        ? h(
            "p",
            { class: "note flat" },
            `Span ${spanId} is not stored, or not yet. The trace is shown from its start.`,
          )
        : null,
      tools,
      split,
    ),
  );
  waterfall.redraw();
  if (linked !== undefined && tab === "") waterfall.reveal(linked);
  // The keys work at once for who came here with the keyboard.
  if (document.activeElement === document.body) waterfall.focus();
  find.listenTo(page);
  listenForKey("e", page, nextError);
}

/** In the order of the rows, and from the first again after the last. */
function errorAfter(model: TraceModel, span: SpanNode | null): SpanNode | null {
  const at = span === null ? -1 : model.inOrder.indexOf(span);
  const isFailed = ({ error }: SpanNode): boolean => error;
  return model.inOrder.slice(at + 1).find(isFailed) ?? model.inOrder.find(isFailed) ?? null;
}
