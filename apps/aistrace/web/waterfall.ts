import { columnResizer } from "./column-resizer.ts";
import type { Section } from "./critical-path.ts";
import { h, replaceChildren } from "./dom.ts";
import { tickLabels, timeTicks } from "./format.ts";
import { Minimap } from "./minimap.ts";
import type { Page } from "./page.ts";
import { isExpandable, OpenState, type Row, visibleRows } from "./rows.ts";
import type { SpanNode, TraceModel } from "./trace-model.ts";
import { ViewWindow } from "./view-window.ts";
import { drawRow, ROW_HEIGHT_PX, type RowLook } from "./waterfall-row.ts";

/** Rows drawn above and below what is in sight, so that scrolling shows no gaps. */
const OVERSCAN_ROWS = 12;
const PX_PER_TICK = 150;
const PAGE_ROWS = 20;
const ZOOM_STEP = 1.25;
/** Shares of a span that are shown before and after it. */
const ZOOM_AROUND = 0.05;

/** The tree of spans against time. Only the rows in sight exist, however many spans there are. */
export class Waterfall {
  readonly element: HTMLElement;
  readonly tools: HTMLElement;
  readonly #page: Page;
  readonly #model: TraceModel;
  readonly #select: (span: SpanNode | null) => void;
  readonly #open = new OpenState();
  readonly #window: ViewWindow;
  readonly #minimap: Minimap;
  readonly #critical: ReadonlyMap<string, readonly Section[]>;
  readonly #ruler = h("div", { class: "ruler", attributes: { "aria-hidden": "true" } });
  readonly #list = h("div", { class: "rows" });
  readonly #scroller: HTMLElement;
  #rows: readonly Row[] = [];
  #marked: ReadonlySet<string> = new Set();
  #active = 0;
  #selected: string | null = null;
  #isFrameAsked = false;

  constructor(
    page: Page,
    model: TraceModel,
    critical: ReadonlyMap<string, readonly Section[]>,
    select: (span: SpanNode | null) => void,
  ) {
    this.#page = page;
    this.#model = model;
    this.#critical = critical;
    this.#select = select;
    this.#window = new ViewWindow(model.durationUs, () => this.#windowChanged());
    this.#minimap = new Minimap(model, page.colors, this.#window);
    this.#scroller = h(
      "div",
      {
        class: "scroller",
        attributes: { tabindex: "0", role: "tree", "aria-label": "spans" },
        on: {
          scroll: () => this.#askFrame(),
          keydown: (event) => this.#onKey(event),
          click: (event) => this.#onClick(event),
        },
      },
      this.#list,
    );
    this.element = h(
      "div",
      { class: "waterfall" },
      h(
        "div",
        { class: "waterfall-head" },
        h(
          "div",
          { class: "corner" },
          "Span",
          h("span", {}, "Duration"),
          columnResizer(() => this.element),
        ),
        h("div", { class: "overview" }, this.#minimap.element, this.#ruler),
      ),
      this.#scroller,
    );
    this.element.addEventListener("wheel", (event) => this.#onWheel(event), { passive: false });
    this.tools = this.#makeTools();
    this.#rows = visibleRows(model, this.#open);
    const observer = new ResizeObserver(() => this.redraw());
    observer.observe(this.element);
    page.signal.addEventListener("abort", () => observer.disconnect());
  }

  focus(): void {
    this.#scroller.focus({ preventScroll: true });
  }

  redraw(): void {
    this.#minimap.draw();
    this.#drawRuler();
    this.#drawRows();
  }

  mark(spans: ReadonlySet<string>): void {
    this.#marked = spans;
    this.#drawRows();
  }

  /** Opens what hides the span, brings it into sight and selects it. */
  reveal(span: SpanNode): void {
    this.#open.reveal(span);
    this.#rows = visibleRows(this.#model, this.#open);
    const { startUs, durationUs } = span;
    if (startUs > this.#window.toUs || startUs + durationUs < this.#window.fromUs)
      this.#window.center(startUs + durationUs / 2);
    this.#activate(this.#rows.findIndex((row) => row.key === span.spanId));
    this.select(span);
  }

  /** Shows the time of a span and a little around it. */
  zoomTo({ startUs, durationUs }: SpanNode): void {
    const aroundUs = Math.max(durationUs * ZOOM_AROUND, 1);
    this.#window.show(startUs - aroundUs, startUs + durationUs + aroundUs);
  }

  select(span: SpanNode | null): void {
    this.#selected = span?.spanId ?? null;
    this.#select(span);
    this.#drawRows();
    if (span === null) this.#scroller.focus();
  }

  #makeTools(): HTMLElement {
    const button = (text: string, title: string, click: () => void): HTMLButtonElement =>
      h("button", { class: "button", title, attributes: { type: "button" }, on: { click } }, text);
    return h(
      "div",
      { class: "buttons" },
      h(
        "span",
        {
          class: "critical-key",
          title: "what the end of the trace waited for: shortening anything else would not end it earlier",
        },
        "critical path",
      ),
      button("Expand", "open every span", () => this.#changeRows(() => this.#open.openAll())),
      button("Collapse", "close every span", () => this.#changeRows(() => this.#open.closeAll(this.#model))),
      button("Whole trace", "show all of the time", () => this.#window.showAll()),
    );
  }

  #changeRows(change: () => void): void {
    const key = this.#rows[this.#active]?.key;
    change();
    this.#rows = visibleRows(this.#model, this.#open);
    this.#active = Math.max(
      0,
      this.#rows.findIndex((row) => row.key === key),
    );
    this.#drawRows();
  }

  #windowChanged(): void {
    this.#minimap.showWindow();
    this.#drawRuler();
    this.#drawRows();
  }

  #askFrame(): void {
    if (this.#isFrameAsked) return;
    this.#isFrameAsked = true;
    requestAnimationFrame(() => {
      this.#isFrameAsked = false;
      this.#drawRows();
    });
  }

  #drawRuler(): void {
    const { fromUs, toUs } = this.#window;
    const at = timeTicks(fromUs, toUs, this.#ruler.clientWidth / PX_PER_TICK);
    const marks = tickLabels(at).map((label, i) => {
      const share = this.#window.place(at[i] ?? 0);
      // A label at the right edge would be cut off.
      const mark = h("span", { class: share > 0.94 ? "tick last" : "tick" }, label);
      mark.style.left = `${share * 100}%`;
      return mark;
    });
    replaceChildren(this.#ruler, ...marks);
  }

  #drawRows(): void {
    const { scrollTop, clientHeight } = this.#scroller;
    const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT_PX) - OVERSCAN_ROWS);
    const last = Math.min(
      this.#rows.length,
      Math.ceil((scrollTop + clientHeight) / ROW_HEIGHT_PX) + OVERSCAN_ROWS,
    );
    this.#list.style.height = `${this.#rows.length * ROW_HEIGHT_PX}px`;
    const lines = this.#rows.slice(first, last).map((row, i) => this.#drawOne(row, first + i));
    replaceChildren(this.#list, ...lines);
    this.#scroller.setAttribute("aria-activedescendant", `row-${this.#active}`);
  }

  #drawOne(row: Row, index: number): HTMLElement {
    const look: RowLook = {
      index,
      isActive: index === this.#active,
      isSelected: row.key === this.#selected,
      isMarked:
        row.type === "span"
          ? this.#marked.has(row.key)
          : row.spans.some((span) => this.#marked.has(span.spanId)),
      isOpen: this.#open.isOpen(row),
      namesInstance: row.type === "span" && this.#model.plural.has(row.span.service),
      critical: this.#critical.get(row.key) ?? [],
    };
    return drawRow(row, look, this.#window, this.#page.colors);
  }

  #onClick(event: MouseEvent): void {
    const target = event.target instanceof Element ? event.target : null;
    const line = target?.closest<HTMLElement>("[data-index]");
    if (line === null || line === undefined) return;
    this.#activate(Number(line.dataset["index"]));
    const row = this.#rows[this.#active];
    if (row === undefined) return;
    if (target?.closest(".toggle") !== null || row.type === "fold") this.#toggle(row);
    else this.select(row.span.spanId === this.#selected ? null : row.span);
  }

  #toggle(row: Row): void {
    if (isExpandable(row)) this.#changeRows(() => this.#open.set(row, !this.#open.isOpen(row)));
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = this.#rows[this.#active];
    if (row === undefined || !this.#runKey(event.key, row)) return;
    event.preventDefault();
  }

  /** False: the key means nothing here. */
  #runKey(key: string, row: Row): boolean {
    const isOpen = isExpandable(row) && this.#open.isOpen(row);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: this.#active + 1,
      j: this.#active + 1,
      ArrowUp: this.#active - 1,
      k: this.#active - 1,
      PageDown: this.#active + PAGE_ROWS,
      PageUp: this.#active - PAGE_ROWS,
      Home: 0,
      End: this.#rows.length - 1,
    };
    const step = steps[key];
    if (step !== undefined) this.#activate(step);
    else if (key === "ArrowRight") isOpen ? this.#activate(this.#active + 1) : this.#toggle(row);
    else if (key === "ArrowLeft") isOpen ? this.#toggle(row) : this.#activate(this.#parentIndex(row));
    else if (key === "Enter" || key === " ") row.type === "fold" ? this.#toggle(row) : this.select(row.span);
    else if (key === "Escape") this.select(null);
    else if (key === "+" || key === "=") this.#window.zoom(1 / ZOOM_STEP, 0.5);
    else if (key === "-") this.#window.zoom(ZOOM_STEP, 0.5);
    else if (key === "0") this.#window.showAll();
    else if (key === "z" && row.type === "span") this.zoomTo(row.span);
    else return false;
    return true;
  }

  #parentIndex(row: Row): number {
    let index = this.#active;
    while (index > 0 && (this.#rows[index]?.depth ?? 0) >= row.depth) index -= 1;
    return index;
  }

  /** Moves the keyboard's row and brings it into sight. */
  #activate(index: number): void {
    this.#active = Math.min(this.#rows.length - 1, Math.max(0, index));
    this.#list.style.height = `${this.#rows.length * ROW_HEIGHT_PX}px`;
    const top = this.#active * ROW_HEIGHT_PX;
    const { scrollTop, clientHeight } = this.#scroller;
    const isFar = top < scrollTop - ROW_HEIGHT_PX || top > scrollTop + clientHeight;
    // What is far is brought to the middle, so that what is around it is seen too.
    if (isFar) this.#scroller.scrollTop = Math.max(0, top - clientHeight / 2);
    else if (top < scrollTop) this.#scroller.scrollTop = Math.max(0, top - ROW_HEIGHT_PX);
    else if (top + 2 * ROW_HEIGHT_PX > scrollTop + clientHeight) {
      this.#scroller.scrollTop = top - clientHeight + 2 * ROW_HEIGHT_PX;
    }
    this.#drawRows();
  }

  /** With Ctrl the wheel zooms at the pointer; sideways it pans. Plain scrolling stays the browser's. */
  #onWheel(event: WheelEvent): void {
    if (event.ctrlKey) {
      event.preventDefault();
      const box = this.#ruler.getBoundingClientRect();
      const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
      this.#window.zoom(event.deltaY > 0 ? ZOOM_STEP : 1 / ZOOM_STEP, share);
    } else if (event.deltaX !== 0 && !this.#window.isWhole) {
      event.preventDefault();
      this.#window.pan(event.deltaX / 1000);
    }
  }
}
