import { h } from "./dom.ts";
import { listenForKey } from "./keys.ts";
import type { Page } from "./page.ts";

const KEYS = [
  ["↑ ↓", "to the row above and below; k and j as well"],
  ["← →", "close and open what is below a span"],
  ["Enter", "details of the span"],
  ["Esc", "close the details"],
  ["e", "to the next span that failed"],
  ["/", "find in the trace; Enter and Shift+Enter go through what was found"],
  ["z", "zoom to the span"],
  ["+ −", "zoom; with Ctrl the wheel does at the pointer"],
  ["0", "the whole trace"],
  ["?", "these keys"],
] as const;

/** A button that lists the keys of a trace. Dragging over the overview, which no key does, is said too. */
export function keyHelp(page: Page): HTMLElement {
  const dialog = h(
    "dialog",
    { class: "panel keys", attributes: { "aria-label": "keys" } },
    h("dl", {}, ...KEYS.flatMap(([key, meaning]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, meaning)])),
    h(
      "p",
      { class: "dim" },
      "Dragging over the overview chooses a part of the time, a double click all of it.",
    ),
    h(
      "form",
      { attributes: { method: "dialog" } },
      h("button", { class: "button", attributes: { type: "submit" } }, "Close"),
    ),
  );
  // `form-action 'none'` of the page's policy would not let the form do it.
  dialog.addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  const open = (): void => {
    if (!dialog.open) dialog.showModal();
  };
  listenForKey("?", page, open);
  const button = h(
    "button",
    {
      class: "button keys-button",
      title: "keys (?)",
      attributes: { type: "button", "aria-label": "keys" },
      on: { click: open },
    },
    "?",
  );
  return h("span", {}, button, dialog);
}
