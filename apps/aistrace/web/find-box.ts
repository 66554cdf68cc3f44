import { findInTrace } from "./api.ts";
import { h } from "./dom.ts";
import { count } from "./format.ts";
import { listenForKey } from "./keys.ts";
import type { Page } from "./page.ts";
import type { SpanNode, TraceModel } from "./trace-model.ts";

const DELAY_MS = 200;

interface FindTarget {
  mark(spans: ReadonlySet<string>): void;
  reveal(span: SpanNode): void;
}

/** Finds text in the spans of a trace: names, services, ids, attributes, events. Enter goes from one to the next. */
export class FindBox {
  readonly element: HTMLElement;
  readonly #input: HTMLInputElement;
  readonly #steps: HTMLElement;
  readonly #status = h("span", { class: "dim", attributes: { "aria-live": "polite" } });
  readonly #model: TraceModel;
  readonly #target: FindTarget;
  readonly #signal: AbortSignal;
  #found: readonly SpanNode[] = [];
  #at = -1;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(model: TraceModel, signal: AbortSignal, target: FindTarget) {
    this.#model = model;
    this.#target = target;
    this.#signal = signal;
    this.#input = h("input", {
      attributes: {
        type: "search",
        placeholder: "Find in trace  /",
        "aria-label": "find in trace",
        spellcheck: "false",
      },
      on: {
        input: () => {
          clearTimeout(this.#timer);
          this.#timer = setTimeout(() => void this.#find(), DELAY_MS);
        },
        keydown: (event) => {
          if (event.key === "Enter") this.#step(event.shiftKey ? -1 : 1);
          if (event.key === "Escape") this.#input.blur();
        },
      },
    });
    const step = (face: string, label: string, by: number): HTMLButtonElement =>
      h(
        "button",
        {
          class: "quiet",
          title: label,
          attributes: { type: "button", "aria-label": label },
          on: { click: () => this.#step(by) },
        },
        face,
      );
    this.#steps = h(
      "span",
      { attributes: { hidden: true } },
      step("↑", "the one before (Shift+Enter)", -1),
      step("↓", "the next one (Enter)", 1),
    );
    this.element = h("div", { class: "find" }, this.#input, this.#steps, this.#status);
  }

  /** `/` puts the cursor here. */
  listenTo(page: Page): void {
    listenForKey("/", page, () => this.#input.select());
  }

  async #find(): Promise<void> {
    const text = this.#input.value.trim();
    let ids: readonly string[] = [];
    try {
      if (text !== "") ids = await findInTrace(this.#model.traceId, text, this.#signal);
    } catch {
      if (!this.#signal.aborted) this.#status.textContent = "no answer";
      return;
    }
    if (text !== this.#input.value.trim()) return;
    const found = new Set(ids);
    this.#found = this.#model.spans.filter((span) => found.has(span.spanId));
    this.#at = -1;
    this.#steps.hidden = this.#found.length === 0;
    this.#status.textContent = text === "" ? "" : `${count(this.#found.length)} found`;
    this.#target.mark(found);
  }

  #step(by: number): void {
    const total = this.#found.length;
    this.#at = total === 0 ? -1 : (this.#at + by + total + (this.#at < 0 && by < 0 ? 1 : 0)) % total;
    const span = this.#found[this.#at];
    if (span === undefined) return;
    this.#status.textContent = `${count(this.#at + 1)} of ${count(total)}`;
    this.#target.reveal(span);
  }
}
