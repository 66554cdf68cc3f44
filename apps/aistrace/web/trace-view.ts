import { ApiError, fetchTrace } from "./api.ts";
import { h, replaceChildren } from "./dom.ts";
import { FindBox } from "./find-box.ts";
import type { Page } from "./page.ts";
import { noteAddress, tracePath } from "./router.ts";
import { spanPanel } from "./span-panel.ts";
import { statistics } from "./statistics.ts";
import { traceHeader } from "./trace-header.ts";
import { buildTrace, type SpanNode, type TraceModel } from "./trace-model.ts";
import { Waterfall } from "./waterfall.ts";

export async function showTrace(page: Page, traceId: string, spanId: string): Promise<void> {
  document.title = `${traceId.slice(0, 8)} · aistrace`;
  replaceChildren(page.root, h("p", { class: "hint" }, "Reading the trace…"));
  try {
    const model = buildTrace(await fetchTrace(traceId, page.signal));
    // The model's id is in full length, whatever the address had.
    page.colors.learn(model.services.map(({ name }) => name).sort());
    layOut(page, model, spanId);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    replaceChildren(
      page.root,
      h(
        "section",
        { class: "message" },
        h("h1", {}, "No such trace"),
        h(
          "p",
          {},
          "Trace ",
          h("code", {}, traceId),
          " is not stored: it may not have arrived yet, or be past the limits of age and size.",
        ),
        h("a", { class: "button", attributes: { href: "/search" } }, "Search"),
      ),
    );
  }
}

function layOut(page: Page, model: TraceModel, spanId: string): void {
  const [root] = model.roots;
  document.title = `${root?.name ?? model.traceId} · aistrace`;
  const panel = h("aside", { class: "span-panel", attributes: { "aria-label": "span", hidden: true } });
  const body = h("div", { class: "trace-body" });
  let shown: SpanNode | null = null;

  const select = (span: SpanNode | null): void => {
    shown = span;
    panel.hidden = span === null;
    noteAddress(tracePath(model.traceId, span?.spanId ?? ""));
    if (span !== null) {
      spanPanel(page, model, span, panel, {
        isCurrent: () => shown === span,
        open: (other) => waterfall.reveal(other),
        close: () => waterfall.select(null),
      });
    }
  };
  const waterfall = new Waterfall(page, model, select);
  const table = statistics(page, model);
  const find = new FindBox(model, page.signal, {
    mark: (spans) => waterfall.mark(spans),
    reveal: (span) => waterfall.reveal(span),
  });

  const tab = (name: string, content: HTMLElement, isChosen: boolean): HTMLButtonElement =>
    h(
      "button",
      {
        class: "tab",
        attributes: { type: "button", role: "tab", "aria-selected": String(isChosen) },
        on: {
          click(event) {
            for (const other of tabs)
              other.setAttribute("aria-selected", String(other === event.currentTarget));
            replaceChildren(body, content);
            if (content === waterfall.element) waterfall.redraw();
          },
        },
      },
      name,
    );
  const tabs = [tab("Waterfall", waterfall.element, true), tab("Statistics", table, false)];
  const tools = h(
    "div",
    { class: "trace-tools" },
    h("div", { class: "tabs", attributes: { role: "tablist" } }, ...tabs),
    find.element,
    h("span", { class: "grow" }),
    waterfall.tools,
  );
  replaceChildren(body, waterfall.element);
  replaceChildren(
    page.root,
    h(
      "div",
      { class: "trace-view" },
      traceHeader(page, model),
      tools,
      h("div", { class: "trace-split" }, body, panel),
    ),
  );
  waterfall.redraw();
  const linked = model.byId.get(spanId);
  if (linked !== undefined) waterfall.reveal(linked);
  find.listenTo(page.root);
}
