import type { JaegerLog, JaegerReference, JaegerSpan } from "../query/jaeger-types.ts";
import type { OwnSpan } from "../query/own-types.ts";
import { fetchSpan } from "./api.ts";
import { h, icon, replaceChildren } from "./dom.ts";
import { clock, duration } from "./format.ts";
import { lookbackTo } from "./lookback.ts";
import type { Page } from "./page.ts";
import { searchPath, tracePath } from "./router.ts";
import { tagTable } from "./tag-table.ts";
import { copyableId } from "./trace-header.ts";
import type { SpanNode, TraceModel } from "./trace-model.ts";

const ZOOM_ICON = "M2.5 3v10M13.5 3v10M5 8h6M7 5.8L4.8 8 7 10.2M9 5.8L11.2 8 9 10.2";

interface PanelActions {
  /** False when another span has been chosen meanwhile. */
  isCurrent(): boolean;
  open(span: SpanNode): void;
  close(): void;
  zoomTo(span: SpanNode): void;
}

/** Everything about one span. What the outline already knows is shown at once, the rest when it has come. */
export function spanPanel(
  page: Page,
  model: TraceModel,
  span: SpanNode,
  panel: HTMLElement,
  actions: PanelActions,
): void {
  const details = h("div", {}, h("p", { class: "hint" }, "Reading…"));
  panel.style.setProperty("--service", page.colors.of(span.service));
  panel.scrollTop = 0;
  replaceChildren(panel, heading(span, actions), facts(model, span, actions), skewNote(span), details);
  fetchSpan(model.traceId, span.spanId, page.signal).then(
    (full) => {
      if (actions.isCurrent()) replaceChildren(details, ...sections(model, span, full, actions));
    },
    (error: unknown) => {
      if (!actions.isCurrent() || page.signal.aborted) return;
      const text = error instanceof Error ? error.message : String(error);
      replaceChildren(details, h("p", { class: "warning" }, text));
    },
  );
}

function heading(span: SpanNode, actions: PanelActions): HTMLElement {
  return h(
    "div",
    { class: "panel-head" },
    h("div", {}, h("span", { class: "service-name" }, span.service), h("h2", {}, span.name)),
    h("span", { class: "grow" }),
    h(
      "button",
      {
        class: "quiet",
        title: "zoom to this span (z)",
        attributes: { type: "button", "aria-label": "zoom to this span" },
        on: { click: () => actions.zoomTo(span) },
      },
      icon(ZOOM_ICON),
    ),
    h(
      "button",
      {
        class: "quiet",
        title: "close (Esc)",
        attributes: { type: "button", "aria-label": "close" },
        on: { click: () => actions.close() },
      },
      "✕",
    ),
  );
}

function facts(model: TraceModel, span: SpanNode, actions: PanelActions): HTMLElement {
  const fact = (label: string, value: HTMLElement | string): HTMLElement =>
    h(
      "div",
      { class: "fact" },
      h("span", { class: "label" }, label),
      typeof value === "string" ? h("b", {}, value) : value,
    );
  const { parent } = span;
  const parentLink =
    parent === null
      ? null
      : h(
          "button",
          { class: "link", attributes: { type: "button" }, on: { click: () => actions.open(parent) } },
          parent.name,
        );
  const share =
    model.durationUs === 0 ? "" : ` · ${((span.durationUs / model.durationUs) * 100).toFixed(1)} %`;
  return h(
    "div",
    { class: "facts" },
    fact("Duration", duration(span.durationUs) + share),
    fact("Self time", duration(span.selfUs)),
    fact("Starts after", duration(span.startUs)),
    fact("At", clock(model.startUs + span.startUs)),
    span.instance === "" ? null : fact("Node", span.instance),
    span.kind === "" ? null : fact("Kind", span.kind),
    span.error
      ? h("div", { class: "fact bad" }, h("span", { class: "label" }, "Status"), h("b", {}, "error"))
      : null,
    span.failedStatus === 0 ? null : fact("HTTP status", String(span.failedStatus)),
    fact("Span id", copyableId(span.spanId, "the span id")),
    parentLink !== null ? fact("Parent", parentLink) : null,
    parentLink === null && span.parentId !== ""
      ? fact("Parent, not stored", copyableId(span.parentId, "the parent's id"))
      : null,
  );
}

/** Of a clock that is wrong the viewer knows no more than that; times are shown as they came. */
function skewNote(span: SpanNode): HTMLElement | null {
  const earlierUs = span.parent === null ? 0 : span.parent.startUs - span.startUs;
  if (earlierUs <= 0) return null;
  const text = `Starts ${duration(earlierUs)} before its parent: the clocks of the two differ.`;
  return h("p", { class: "note" }, text);
}

function sections(model: TraceModel, span: SpanNode, full: OwnSpan, actions: PanelActions): HTMLElement[] {
  const { tags, logs, references, warnings } = full.span;
  const links = references.filter(({ spanID }, i) => i > 0 || spanID !== span.parentId);
  const lookback = lookbackTo(model.startUs, Date.now());
  const searchFor = (key: string, value: string): string =>
    searchPath(new URLSearchParams({ tags: JSON.stringify({ [key]: value }), lookback }));
  const reason = span.error ? whyFailed(full.span) : "";
  return [
    ...(reason === "" ? [] : [h("p", { class: "warning reason" }, reason)]),
    ...(warnings ?? []).map((text) => h("p", { class: "warning" }, text)),
    section("Attributes", tags.length, true, tagTable(tags, searchFor)),
    section(
      "Events",
      logs.length,
      true,
      h("div", {}, ...logs.map((log) => eventBlock(model, log, searchFor))),
    ),
    section(
      "Links",
      links.length,
      true,
      h("ul", { class: "links" }, ...links.map((link) => linkItem(model, link, actions))),
    ),
    section("Resource", full.process.tags.length, false, tagTable(full.process.tags, searchFor)),
  ];
}

/** In the program's own words: of the status, else of the last exception. */
function whyFailed({ tags, logs }: JaegerSpan): string {
  const status = tags.find(({ key }) => key === "otel.status_description");
  const exceptions = logs.flatMap(({ fields }) => fields.filter(({ key }) => key === "exception.message"));
  return String((status ?? exceptions.at(-1))?.value ?? "");
}

function section(title: string, entries: number, isOpen: boolean, content: HTMLElement): HTMLElement {
  if (entries === 0) return h("p", { class: "dim nothing" }, `No ${title.toLowerCase()}`);
  return h(
    "details",
    { attributes: { open: isOpen } },
    h("summary", {}, title, h("span", { class: "badge" }, String(entries))),
    content,
  );
}

function eventBlock(
  model: TraceModel,
  log: JaegerLog,
  searchFor: (key: string, value: string) => string,
): HTMLElement {
  const name = log.fields.find(({ key }) => key === "event");
  const fields = log.fields.filter((field) => field !== name);
  return h(
    "div",
    { class: "event" },
    h(
      "div",
      { class: "event-head" },
      h("b", {}, String(name?.value ?? "event")),
      h("span", { class: "dim" }, `+${duration(log.timestamp - model.startUs)}`),
    ),
    fields.length === 0 ? null : tagTable(fields, searchFor),
  );
}

/** To a span of this trace without leaving it, to another trace as a link. */
function linkItem(model: TraceModel, link: JaegerReference, actions: PanelActions): HTMLElement {
  const here = link.traceID === model.traceId ? model.byId.get(link.spanID) : undefined;
  const target =
    here === undefined
      ? h(
          "a",
          { attributes: { href: tracePath(link.traceID, link.spanID) } },
          h("code", {}, `${link.traceID.slice(0, 8)}… ${link.spanID}`),
        )
      : h(
          "button",
          { class: "link", attributes: { type: "button" }, on: { click: () => actions.open(here) } },
          here.name,
        );
  return h(
    "li",
    {},
    h("span", { class: "dim" }, link.refType === "CHILD_OF" ? "child of " : "follows "),
    target,
  );
}
