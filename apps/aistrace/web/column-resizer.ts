import { h } from "./dom.ts";

const MIN_SHARE = 0.12;
const MAX_SHARE = 0.7;

/** A handle that drags the width of the column of names, a share of `container`'s width. */
export function columnResizer(container: () => HTMLElement): HTMLElement {
  const handle = h("div", { class: "resizer", title: "drag to make the names wider or narrower" });
  handle.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    const offset = event.clientX - handle.getBoundingClientRect().left;
    const move = (moved: PointerEvent): void => {
      const box = container().getBoundingClientRect();
      const durationWidth = Number.parseFloat(
        getComputedStyle(container()).getPropertyValue("--duration-width"),
      );
      const share = (moved.clientX - offset - box.left - durationWidth) / box.width;
      const width = `${Math.min(MAX_SHARE, Math.max(MIN_SHARE, share)) * 100}%`;
      container().style.setProperty("--name-width", width);
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("lostpointercapture", () => handle.removeEventListener("pointermove", move), {
      once: true,
    });
  });
  return handle;
}
