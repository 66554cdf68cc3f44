import { fetchServices } from "./api.ts";
import { ServiceColors } from "./colors.ts";
import { h, replaceChildren } from "./dom.ts";
import { showGraph } from "./graph-view.ts";
import { currentRoute, followLinks } from "./router.ts";
import { showSearch } from "./search-view.ts";
import { fillTopBar, markView } from "./top-bar.ts";
import { showTrace } from "./trace-view.ts";

function start(header: HTMLElement, root: HTMLElement): void {
  const colors = new ServiceColors();
  let current = new AbortController();
  fillTopBar(header);
  followLinks(document.body);

  const show = async (): Promise<void> => {
    current.abort();
    current = new AbortController();
    const { signal } = current;
    try {
      const services = await fetchServices(signal);
      colors.learn(services);
      const route = currentRoute();
      markView(header, route.page);
      const page = { root, colors, signal };
      if (route.page === "search") await showSearch(page, services, route.query);
      else if (route.page === "graph") await showGraph(page, route.query);
      else await showTrace(page, route.traceId, route.spanId);
    } catch (error) {
      if (!signal.aborted) showFailure(root, error, () => void show());
    }
  };
  window.addEventListener("popstate", () => void show());
  void show();
}

function showFailure(root: HTMLElement, error: unknown, retry: () => void): void {
  const text = error instanceof Error ? error.message : String(error);
  replaceChildren(
    root,
    h(
      "section",
      { class: "message", attributes: { role: "alert" } },
      h("h1", {}, "This did not work"),
      h("p", {}, text),
      h("button", { class: "primary", attributes: { type: "button" }, on: { click: retry } }, "Try again"),
    ),
  );
}

const header = document.getElementById("top");
const view = document.getElementById("view");
if (header !== null && view !== null) start(header, view);
