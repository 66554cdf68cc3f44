import type { ServiceColors } from "./colors.ts";
import { h } from "./dom.ts";
import type { TraceModel } from "./trace-model.ts";
import type { ViewWindow } from "./view-window.ts";

const HEIGHT_PX = 56;
const DRAG_MIN_SHARE = 0.004;

/** The whole trace in little. Dragging over it chooses the part that the waterfall shows; a double click shows all. */
export class Minimap {
  readonly element: HTMLElement;
  readonly #canvas = h("canvas", { attributes: { "aria-hidden": "true" } });
  readonly #shade = h("div", { class: "minimap-window" });
  readonly #model: TraceModel;
  readonly #colors: ServiceColors;
  readonly #window: ViewWindow;

  constructor(model: TraceModel, colors: ServiceColors, window: ViewWindow) {
    this.#model = model;
    this.#colors = colors;
    this.#window = window;
    this.element = h(
      "div",
      { class: "minimap", title: "drag to zoom, double-click for all" },
      this.#canvas,
      this.#shade,
    );
    this.element.addEventListener("pointerdown", (event) => this.#drag(event));
    this.element.addEventListener("dblclick", () => this.#window.showAll());
  }

  /** Places the frame of what is in view. */
  showWindow(): void {
    const { fromUs, toUs, totalUs, isWhole } = this.#window;
    this.#shade.hidden = isWhole;
    this.#shade.style.left = `${(fromUs / totalUs) * 100}%`;
    this.#shade.style.width = `${((toUs - fromUs) / totalUs) * 100}%`;
  }

  draw(): void {
    const width = this.element.clientWidth;
    const context = this.#canvas.getContext("2d");
    if (context === null || width === 0) return;
    const ratio = devicePixelRatio;
    this.#canvas.width = width * ratio;
    this.#canvas.height = HEIGHT_PX * ratio;
    context.scale(ratio, ratio);
    const colors = new Map<string, string>();
    const rows = this.#model.spans.length;
    const lineHeight = Math.max(1, Math.min(4, (HEIGHT_PX - 8) / rows));
    for (const [row, span] of this.#model.inOrder.entries()) {
      let color = colors.get(span.service);
      if (color === undefined) {
        // A canvas does not know CSS variables: an element that has the colour tells what it came to.
        this.#canvas.style.color = this.#colors.of(span.service);
        color = getComputedStyle(this.#canvas).color;
        colors.set(span.service, color);
      }
      context.fillStyle = color;
      const y = 4 + (row / Math.max(rows, 12)) * (HEIGHT_PX - 8);
      const x = (span.startUs / this.#window.totalUs) * width;
      context.fillRect(x, y, Math.max(1, (span.durationUs / this.#window.totalUs) * width), lineHeight);
    }
    this.showWindow();
  }

  #drag(event: PointerEvent): void {
    const box = this.element.getBoundingClientRect();
    const share = (x: number): number => Math.min(1, Math.max(0, (x - box.left) / box.width));
    const from = share(event.clientX);
    this.element.setPointerCapture(event.pointerId);
    const move = (moved: PointerEvent): void => {
      const to = share(moved.clientX);
      if (Math.abs(to - from) < DRAG_MIN_SHARE) return;
      this.#window.show(from * this.#window.totalUs, to * this.#window.totalUs);
    };
    this.element.addEventListener("pointermove", move);
    this.element.addEventListener("pointerup", () => this.element.removeEventListener("pointermove", move), {
      once: true,
    });
  }
}
