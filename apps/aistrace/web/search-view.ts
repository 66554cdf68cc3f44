import type { OwnTraces } from "../query/own-types.ts";
import { fetchTraces } from "./api.ts";
import { h, replaceChildren } from "./dom.ts";
import { showEmptyStore } from "./empty-store.ts";
import { focusKept } from "./focus.ts";
import { plural } from "./format.ts";
import { DEFAULT_LOOKBACK, WIDEST_LOOKBACK } from "./lookback.ts";
import { isNarrow, type Page } from "./page.ts";
import { focusOpened, resultList } from "./results.ts";
import { navigate, noteSearch, scrollTopLeft, searchPath, tracePath } from "./router.ts";
import { searchForm } from "./search-form.ts";
import { apiQuery, withParameter } from "./search-query.ts";

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
    attributes: { "aria-busy": "true", "aria-label": "results" },
  });
  const said = h("p", { class: "offscreen", attributes: { role: "status" } });
  const form = await searchForm(page, services, query, (wanted) => navigate(searchPath(wanted)));
  const focusAgain = focusKept(page.root);
  replaceChildren(page.root, h("div", { class: "search" }, fold(form), results, said));
  focusAgain();
  replaceChildren(results, h("p", { class: "hint" }, "Searching…"));
  try {
    const found = await fetchTraces(apiQuery(query, Date.now()), page.signal);
    showResults(page, results, query, found);
    replaceChildren(
      said,
      found.traces.length === 0 ? "No traces found" : plural(found.traces.length, "trace"),
    );
    focusAgain();
    if (scrollTopLeft() !== null) focusOpened(results);
  } catch (error) {
    if (page.signal.aborted) return;
    const text = error instanceof Error ? error.message : String(error);
    replaceChildren(
      results,
      h("div", { class: "results-head" }, h("h1", {}, "This search did not work")),
      h("p", { class: "warning", attributes: { role: "alert" } }, text),
    );
  } finally {
    results.setAttribute("aria-busy", "false");
  }
}

/** A page too narrow for both begins with what was found. */
function fold(form: HTMLFormElement): HTMLElement {
  const isOpen = !isNarrow();
  return h(
    "details",
    { class: "form-fold", attributes: { open: isOpen } },
    h("summary", { class: "panel" }, "Search for…"),
    form,
  );
}

/** As far back as the form offers. */
function wider(query: URLSearchParams): HTMLElement | null {
  const [widest, , title] = WIDEST_LOOKBACK;
  const lookback = query.get("lookback") ?? DEFAULT_LOOKBACK;
  if (query.has("traceID") || lookback === widest) return null;
  const href = searchPath(withParameter(query, "lookback", widest));
  return h("a", { class: "button", attributes: { href } }, title);
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
      wider(query),
    );
    replaceChildren(results, ...notes, hint);
    return;
  }
  replaceChildren(results, ...notes, ...resultList(page, traces, query));
}
