import { ApiError, fetchServices, fetchStats, NO_ANSWER } from "./api.ts";
import { ServiceColors } from "./colors.ts";
import { h, replaceChildren } from "./dom.ts";
import { showGraph } from "./graph-view.ts";
import { currentRoute, followLinks, scrollTopLeft } from "./router.ts";
import { showSearch } from "./search-view.ts";
import { fillTopBar, markView } from "./top-bar.ts";
import { showTrace } from "./trace-view.ts";

const RETRY_INTERVAL_MS = 3000;

function start(header: HTMLElement, root: HTMLElement): void {
  const colors = new ServiceColors();
  let current = new AbortController();
  fillTopBar(header);
  followLinks(document.body);

  const show = async (): Promise<void> => {
    current.abort();
    current = new AbortController();
    const { signal } = current;
    root.setAttribute("aria-busy", "true");
    try {
      const services = await fetchServices(signal);
      colors.learn(services);
      const route = currentRoute();
      markView(header, route.page);
      const page = { root, colors, signal };
      if (route.page === "search") await showSearch(page, services, route.query);
      else if (route.page === "graph") await showGraph(page, route.query);
      else await showTrace(page, route);
      if (!signal.aborted) root.scrollTop = scrollTopLeft() ?? 0;
    } catch (error) {
      if (!signal.aborted) showFailure(root, error, signal, () => void show());
    } finally {
      if (!signal.aborted) root.setAttribute("aria-busy", "false");
    }
  };
  window.addEventListener("popstate", () => void show());
  void show();
}

/** A server that was away is noticed when it is back. */
function showFailure(root: HTMLElement, error: unknown, signal: AbortSignal, retry: () => void): void {
  const text = error instanceof Error ? error.message : String(error);
  const isAway = error instanceof ApiError && error.status === NO_ANSWER;
  if (isAway) {
    const look = (): void => void fetchStats(signal).then(retry, () => undefined);
    const timer = setInterval(look, RETRY_INTERVAL_MS);
    signal.addEventListener("abort", () => clearInterval(timer));
  }
  replaceChildren(
    root,
    h(
      "section",
      { class: "message", attributes: { role: "alert" } },
      h("h1", {}, "This did not work"),
      h("p", {}, text),
      isAway ? h("p", { class: "dim" }, "This page goes on by itself when it does.") : null,
      h("button", { class: "primary", attributes: { type: "button" }, on: { click: retry } }, "Try again"),
    ),
  );
}

const header = document.getElementById("top");
const view = document.getElementById("view");
if (header !== null && view !== null) start(header, view);
