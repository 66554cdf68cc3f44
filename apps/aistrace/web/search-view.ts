import type { OwnTraces } from "../query/own-types.ts";
import { fetchTraces } from "./api.ts";
import { h, replaceChildren } from "./dom.ts";
import { showEmptyStore } from "./empty-store.ts";
import { focusKept } from "./focus.ts";
import type { Page } from "./page.ts";
import { focusOpened, resultList } from "./results.ts";
import { navigate, noteSearch, scrollTopLeft, searchPath, tracePath } from "./router.ts";
import { searchForm } from "./search-form.ts";
import { apiQuery } from "./search-query.ts";

/** The form at the left, what it finds at the right. The address holds the search, so that it can be sent on. */
export async function showSearch(
  page: Page,
  services: readonly string[],
  query: URLSearchParams,
): Promise<void> {
  document.title = "Search · aistrace";
  if (services.length === 0) return showEmptyStore(page);
  const [traceId = "", ...others] = query.getAll("traceID");
  if (traceId !== "" && others.length === 0) return navigate(tracePath(traceId));

  noteSearch(query);
  const results = h("section", {
    class: "results",
    attributes: { "aria-live": "polite", "aria-busy": "true", "aria-label": "results" },
  });
  const form = await searchForm(page, services, query, (wanted) => navigate(searchPath(wanted)));
  const focusAgain = focusKept(page.root);
  replaceChildren(page.root, h("div", { class: "search" }, form, results));
  focusAgain();
  replaceChildren(results, h("p", { class: "hint" }, "Searching…"));
  try {
    const found = await fetchTraces(apiQuery(query, Date.now()), page.signal);
    showResults(page, results, query, found);
    focusAgain();
    if (scrollTopLeft() !== null) focusOpened(results);
  } catch (error) {
    if (page.signal.aborted) return;
    const text = error instanceof Error ? error.message : String(error);
    replaceChildren(results, h("p", { class: "warning", attributes: { role: "alert" } }, text));
  } finally {
    results.setAttribute("aria-busy", "false");
  }
}

function showResults(
  page: Page,
  results: HTMLElement,
  query: URLSearchParams,
  { traces, warnings }: OwnTraces,
): void {
  const notes = warnings.map((text) => h("p", { class: "warning" }, text));
  if (traces.length === 0) {
    const hint = h(
      "div",
      { class: "message" },
      h("h1", {}, "No traces found"),
      h("p", {}, "Look back further, or take a condition away."),
    );
    replaceChildren(results, ...notes, hint);
    return;
  }
  replaceChildren(results, ...notes, ...resultList(page, traces, query));
}
