import { h, replaceChildren } from "./dom.ts";

export interface Tab {
  /** As the address has it; empty for the first. */
  readonly id: string;
  readonly name: string;
  readonly content: HTMLElement;
}

/** Views of one trace in one place. The arrow keys go from one to the next, as in every list of tabs. */
export class TraceTabs {
  readonly list = h("div", {
    class: "tabs",
    attributes: { role: "tablist", "aria-label": "views of the trace" },
  });
  readonly body = h("div", { class: "trace-body", attributes: { role: "tabpanel", id: "trace-body" } });
  readonly #tabs: readonly Tab[];
  readonly #changed: (id: string) => void;
  #current: Tab | undefined;

  constructor(tabs: readonly Tab[], changed: (id: string) => void) {
    this.#tabs = tabs;
    this.#changed = changed;
    for (const [i, tab] of tabs.entries()) {
      const button = h(
        "button",
        {
          class: "tab",
          attributes: { type: "button", role: "tab", id: `tab-${i}`, "aria-controls": "trace-body" },
          on: { click: () => this.show(tab.id), keydown: (event) => this.#onKey(event, i) },
        },
        tab.name,
      );
      this.list.append(button);
    }
  }

  get current(): string {
    return this.#current?.id ?? "";
  }

  /** An id that is none shows the first. */
  show(id: string): void {
    const chosen = this.#tabs.find((tab) => tab.id === id) ?? this.#tabs[0];
    if (chosen === undefined || chosen === this.#current) return;
    this.#current = chosen;
    for (const [i, button] of [...this.list.children].entries()) {
      const isChosen = this.#tabs[i] === chosen;
      button.setAttribute("aria-selected", String(isChosen));
      button.setAttribute("tabindex", isChosen ? "0" : "-1");
      if (isChosen) this.body.setAttribute("aria-labelledby", button.id);
    }
    replaceChildren(this.body, chosen.content);
    this.#changed(chosen.id);
  }

  #onKey(event: KeyboardEvent, at: number): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = (at + step + this.#tabs.length) % this.#tabs.length;
    this.show(this.#tabs[next]?.id ?? "");
    const button = this.list.children[next];
    if (button instanceof HTMLElement) button.focus();
  }
}
