import { copyButton } from "./copy.ts";
import { h } from "./dom.ts";
import { clock, count, day, duration, plural } from "./format.ts";
import type { Page } from "./page.ts";
import { lastSearch, returnToSearch } from "./router.ts";
import type { TraceModel } from "./trace-model.ts";

export function traceHeader(page: Page, model: TraceModel, nextError: () => void): HTMLElement {
  const [root] = model.roots;
  return h(
    "header",
    { class: "trace-head" },
    h(
      "div",
      { class: "trace-head-title" },
      h("h1", {}, h("span", { class: "dim" }, `${root?.service ?? ""} `), root?.name ?? "empty trace"),
      h("span", { class: "grow" }),
      backLink(),
      ...downloads(model),
    ),
    facts(page, model, nextError),
    model.roots.length > 1
      ? h(
          "p",
          { class: "note" },
          `${plural(model.roots.length, "span")} without a parent here: a caller that exports nothing, or spans that are still to come.`,
        )
      : null,
  );
}

/** A link, to be opened in a tab of its own too. */
function backLink(): HTMLAnchorElement {
  const link = h("a", { class: "button", attributes: { href: lastSearch() } }, "← Search results");
  link.addEventListener("click", (event) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    returnToSearch();
  });
  return link;
}

function downloads({ traceId }: TraceModel): HTMLElement[] {
  const download = (text: string, title: string, href: string, name: string): HTMLElement =>
    h("a", { class: "button", title, attributes: { href, download: name } }, text);
  return [
    download(
      "Download JSON",
      "the trace in Jaeger's JSON",
      `/api/traces/${traceId}`,
      `trace-${traceId}.json`,
    ),
    download(
      "Download OTLP",
      "the trace in OTLP's JSON",
      `/api/aistrace/traces/${traceId}/otlp`,
      `trace-${traceId}.otlp.json`,
    ),
  ];
}

function facts(page: Page, model: TraceModel, nextError: () => void): HTMLElement {
  const fact = (label: string, value: HTMLElement | string, title = ""): HTMLElement =>
    h(
      "div",
      { class: "fact", title },
      h("span", { class: "label" }, label),
      typeof value === "string" ? h("b", {}, value) : value,
    );
  const legend = model.services.map(({ name, spans }) => {
    const chip = h("span", { class: "chip", title: plural(spans, "span") }, h("b", {}, name), count(spans));
    chip.style.setProperty("--service", page.colors.of(name));
    return chip;
  });
  return h(
    "div",
    { class: "facts" },
    fact("Trace id", copyableId(model.traceId, "the trace id")),
    fact(
      "Started",
      `${day(model.startUs)} ${clock(model.startUs)}`,
      new Date(model.startUs / 1000).toISOString(),
    ),
    fact("Duration", duration(model.durationUs)),
    fact("Spans", count(model.spans.length)),
    fact("Depth", count(model.depth)),
    model.errors === 0 ? null : fact("Errors", errorButton(model.errors, nextError)),
    h(
      "div",
      { class: "fact legend" },
      h("span", { class: "label" }, plural(model.services.length, "service")),
      h("span", { attributes: { tabindex: "0", role: "group", "aria-label": "services" } }, ...legend),
    ),
  );
}

function errorButton(errors: number, nextError: () => void): HTMLElement {
  return h(
    "button",
    {
      class: "link bad",
      title: "show the next span that failed (e)",
      attributes: { type: "button" },
      on: { click: nextError },
    },
    h("b", {}, `${count(errors)} ↓`),
  );
}

export function copyableId(text: string, what: string): HTMLElement {
  return copyButton(text, text, { class: "quiet mono id", label: `copy ${what}` });
}
