import { fetchStats } from "./api.ts";
import { h, icon, svg } from "./dom.ts";
import { bytes, count } from "./format.ts";
import { traceIdIn } from "./id-text.ts";
import { graphPath, navigate, type Route, tracePath } from "./router.ts";
import { uploadButton } from "./upload.ts";

const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

const STATS_INTERVAL_MS = 10_000;
const THEME_ICONS: Readonly<Record<Theme, string>> = {
  auto: "M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12",
  light:
    "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8 1v1M8 14v1M1 8h1M14 8h1M3 3l.7.7M12.3 12.3l.7.7M3 13l.7-.7M12.3 3.7L13 3",
  dark: "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z",
};

export function fillTopBar(header: HTMLElement): void {
  applyTheme(savedTheme());
  const stats = h("span", { class: "stats", title: "what the store holds" });
  header.append(
    h(
      "a",
      { class: "brand", attributes: { href: "/search", "aria-label": "aistrace: search" } },
      logo(),
      "aistrace",
    ),
    h(
      "nav",
      { class: "views", attributes: { "aria-label": "views" } },
      view("search", "/search", "Search"),
      view("graph", graphPath(new URLSearchParams()), "Service graph"),
    ),
    lookup(),
    h("span", { class: "grow" }),
    stats,
    uploadButton(),
    themeButton(),
  );
  void showStats(stats);
  setInterval(() => void showStats(stats), STATS_INTERVAL_MS);
}

function view(page: Route["page"], href: string, text: string): HTMLAnchorElement {
  const link = h("a", { attributes: { href } }, text);
  link.dataset["page"] = page;
  return link;
}

/** Shows in the bar which view is open. */
export function markView(header: HTMLElement, page: Route["page"]): void {
  for (const link of header.querySelectorAll<HTMLElement>(".views a")) {
    if (link.dataset["page"] === page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

async function showStats(element: HTMLElement): Promise<void> {
  if (document.visibilityState === "hidden") return;
  try {
    const stats = await fetchStats();
    element.textContent = `${count(stats.traces)} traces · ${count(stats.spans)} spans · ${bytes(stats.bytes)}`;
  } catch {
    element.textContent = "no answer from the server";
  }
}

/** An id, or anything that has one in it. */
function lookup(): HTMLFormElement {
  const input = h("input", {
    class: "mono",
    attributes: {
      type: "search",
      placeholder: "Go to trace id…",
      "aria-label": "trace id",
      spellcheck: "false",
    },
    on: { input: () => input.setCustomValidity("") },
  });
  return h(
    "form",
    {
      class: "lookup",
      on: {
        submit(event) {
          event.preventDefault();
          const id = traceIdIn(input.value);
          input.setCustomValidity(
            id === null && input.value.trim() !== "" ? "There is no trace id in that" : "",
          );
          if (!input.reportValidity() || id === null) return;
          input.value = "";
          navigate(tracePath(id));
        },
      },
    },
    input,
  );
}

function themeButton(): HTMLButtonElement {
  const button = h("button", { class: "quiet", attributes: { type: "button" } });
  const show = (theme: Theme): void => {
    button.title = `Colours: ${theme}`;
    button.setAttribute("aria-label", `Colours: ${theme}`);
    button.replaceChildren(icon(THEME_ICONS[theme]));
  };
  show(savedTheme());
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(savedTheme()) + 1) % THEMES.length] ?? "auto";
    localStorage.setItem("theme", next);
    applyTheme(next);
    show(next);
  });
  return button;
}

function savedTheme(): Theme {
  const saved = localStorage.getItem("theme");
  return THEMES.find((theme) => theme === saved) ?? "auto";
}

function applyTheme(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
}

function logo(): SVGSVGElement {
  const bar = (x: string, y: string, width: string, tone: string): SVGRectElement =>
    svg("rect", { x, y, width, height: "3", rx: "1.5", class: tone });
  return svg(
    "svg",
    { class: "logo", viewBox: "0 0 16 16", "aria-hidden": "true" },
    bar("1", "2", "14", "tone-a"),
    bar("3.5", "6.5", "8", "tone-b"),
    bar("8", "11", "6", "tone-c"),
  );
}
