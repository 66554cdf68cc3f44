/** Addresses are Jaeger's: `/search?…`, `/dependencies` and `/trace/{id}`, with `?span={id}` for one span. */
const GRAPH_PATH = "/dependencies";

export type Route =
  | { readonly page: "search"; readonly query: URLSearchParams }
  | { readonly page: "graph"; readonly query: URLSearchParams }
  | TraceRoute;

export interface TraceRoute {
  readonly page: "trace";
  readonly traceId: string;
  /** Empty: none. */
  readonly spanId: string;
  /** Empty: the waterfall. */
  readonly tab: string;
}

/** Kept with an entry of the browser's history. */
interface EntryState {
  /** How far the view was scrolled when it was left. */
  readonly scrollTop?: number;
  /** The address that led here. */
  readonly from?: string;
}

export function currentRoute(): Route {
  const { pathname, searchParams } = new URL(location.href);
  const traceId = /^\/trace\/([^/]+)$/.exec(pathname)?.[1];
  if (traceId !== undefined) {
    const [spanId, tab] = ["span", "tab"].map((name) => searchParams.get(name) ?? "");
    return { page: "trace", traceId: decoded(traceId), spanId: spanId ?? "", tab: tab ?? "" };
  }
  return { page: pathname === GRAPH_PATH ? "graph" : "search", query: searchParams };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
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

/** The trace that was shown last; empty when none was. */
export function lastTrace(): string {
  return sessionStorage.getItem("trace") ?? "";
}

export function noteTrace(traceId: string): void {
  sessionStorage.setItem("trace", traceId);
}

export function noteSearch(query: URLSearchParams): void {
  sessionStorage.setItem("search", searchPath(query));
}

export function tracePath(traceId: string, spanId = "", tab = ""): string {
  const query = new URLSearchParams();
  if (spanId !== "") query.set("span", spanId);
  if (tab !== "") query.set("tab", tab);
  return `/trace/${encodeURIComponent(traceId)}${query.size === 0 ? "" : `?${query}`}`;
}

/** Asking again for what is shown is no further step of the way back. */
export function navigate(path: string): void {
  const from = location.pathname + location.search;
  if (path !== from) {
    noteState({ scrollTop: document.getElementById("view")?.scrollTop ?? 0 });
    const state: EntryState = { from };
    history.pushState(state, "", path);
  }
  window.dispatchEvent(new PopStateEvent("popstate"));
}

/** Leads to the search that led here as the browser's button does, so that it is found as it was left. */
export function returnToSearch(): void {
  if (entryState().from === lastSearch()) history.back();
  else navigate(lastSearch());
}

/** Where the view was when it was left; null when it is new. */
export function scrollTopLeft(): number | null {
  return entryState().scrollTop ?? null;
}

/** Changes the address of what is shown, without showing anything anew. */
export function noteAddress(path: string): void {
  history.replaceState(history.state, "", path);
}

function entryState(): EntryState {
  const state: EntryState | null = history.state;
  return state ?? {};
}

function noteState(changes: EntryState): void {
  history.replaceState({ ...entryState(), ...changes }, "");
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
