import { h } from "./dom.ts";
import { clock, count, day, duration, plural } from "./format.ts";
import type { Page } from "./page.ts";
import { lastSearch } from "./router.ts";
import type { TraceModel } from "./trace-model.ts";

export function traceHeader(page: Page, model: TraceModel): HTMLElement {
  const [root] = model.roots;
  const fact = (label: string, value: string, title = ""): HTMLElement =>
    h("div", { class: "fact", title }, h("span", { class: "label" }, label), h("b", {}, value));
  const legend = model.services.map(({ name, spans }) => {
    const chip = h("span", { class: "chip", title: plural(spans, "span") }, h("b", {}, name), count(spans));
    chip.style.setProperty("--service", page.colors.of(name));
    return chip;
  });
  return h(
    "header",
    { class: "trace-head" },
    h(
      "div",
      { class: "trace-head-title" },
      h("h1", {}, h("span", { class: "dim" }, `${root?.service ?? ""} `), root?.name ?? "empty trace"),
      h("span", { class: "grow" }),
      h("a", { class: "button", attributes: { href: lastSearch() } }, "Search results"),
      h(
        "a",
        {
          class: "button",
          title: "the trace in Jaeger's JSON",
          attributes: { href: `/api/traces/${model.traceId}`, download: `trace-${model.traceId}.json` },
        },
        "Download JSON",
      ),
      h(
        "a",
        {
          class: "button",
          title: "the trace in OTLP's JSON",
          attributes: {
            href: `/api/aistrace/traces/${model.traceId}/otlp`,
            download: `trace-${model.traceId}.otlp.json`,
          },
        },
        "Download OTLP",
      ),
    ),
    h(
      "div",
      { class: "facts" },
      h("div", { class: "fact" }, h("span", { class: "label" }, "Trace id"), copyableId(model.traceId)),
      fact("Started", clock(model.startUs), day(model.startUs)),
      fact("Duration", duration(model.durationUs)),
      fact("Spans", count(model.spans.length)),
      fact("Depth", count(model.depth)),
      model.errors === 0
        ? null
        : h(
            "div",
            { class: "fact bad" },
            h("span", { class: "label" }, "Errors"),
            h("b", {}, count(model.errors)),
          ),
      h(
        "div",
        { class: "fact legend" },
        h("span", { class: "label" }, plural(model.services.length, "service")),
        h("span", {}, ...legend),
      ),
    ),
    model.roots.length > 1
      ? h(
          "p",
          { class: "note" },
          `${plural(model.roots.length, "span")} without a parent here: a caller that exports nothing, or spans that are still to come.`,
        )
      : null,
  );
}

export function copyableId(text: string): HTMLElement {
  const button = h("button", { class: "quiet mono id", title: "copy", attributes: { type: "button" } }, text);
  button.addEventListener("click", () => {
    void navigator.clipboard?.writeText(text).then(() => {
      button.classList.add("copied");
      setTimeout(() => button.classList.remove("copied"), 1200);
    });
  });
  return button;
}
