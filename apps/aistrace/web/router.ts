/** Addresses are Jaeger's: `/search?…`, `/dependencies` and `/trace/{id}`, with `?span={id}` for one span. */
const GRAPH_PATH = "/dependencies";

export type Route =
  | { readonly page: "search"; readonly query: URLSearchParams }
  | { readonly page: "graph"; readonly query: URLSearchParams }
  | { readonly page: "trace"; readonly traceId: string; readonly spanId: string };

export function currentRoute(): Route {
  const { pathname, searchParams } = new URL(location.href);
  const traceId = /^\/trace\/([^/]+)$/.exec(pathname)?.[1];
  if (traceId !== undefined) return { page: "trace", traceId, spanId: searchParams.get("span") ?? "" };
  return { page: pathname === GRAPH_PATH ? "graph" : "search", query: searchParams };
}

export function graphPath(query: URLSearchParams): string {
  return `${GRAPH_PATH}${query.size === 0 ? "" : `?${query}`}`;
}

export function searchPath(query: URLSearchParams): string {
  return `/search${query.size === 0 ? "" : `?${query}`}`;
}

/** Where the reader came from, so that going back keeps the search. */
export function lastSearch(): string {
  return sessionStorage.getItem("search") ?? "/search";
}

export function noteSearch(query: URLSearchParams): void {
  sessionStorage.setItem("search", searchPath(query));
}

export function tracePath(traceId: string, spanId = ""): string {
  return `/trace/${encodeURIComponent(traceId)}${spanId === "" ? "" : `?${new URLSearchParams({ span: spanId })}`}`;
}

export function navigate(path: string): void {
  history.pushState(null, "", path);
  window.dispatchEvent(new PopStateEvent("popstate"));
}

/** Changes the address of what is shown, without showing anything anew. */
export function noteAddress(path: string): void {
  history.replaceState(null, "", path);
}

/** Lets plain clicks on links of this page change the view without loading the page anew. */
export function followLinks(root: HTMLElement): void {
  root.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (
      link === null ||
      link.origin !== location.origin ||
      link.hasAttribute("download") ||
      link.target !== ""
    )
      return;
    if (link.pathname.startsWith("/api/")) return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}
