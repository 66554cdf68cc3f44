import type { Page } from "./page.ts";

/** Runs `act` for a key, wherever it is not needed for typing and while the view is shown. */
export function listenForKey(key: string, page: Page, act: () => void): void {
  const onKey = (event: KeyboardEvent): void => {
    const { target } = event;
    const isTyping = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
    if (event.key !== key || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };
  document.addEventListener("keydown", onKey, { signal: page.signal });
}
