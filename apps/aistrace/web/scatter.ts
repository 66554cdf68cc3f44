import type { OwnSummary } from "../query/own-types.ts";
import { svg } from "./dom.ts";
import { clock, duration, ticks } from "./format.ts";

/** Of pages that are narrower it is cut down. */
const MIN_WIDTH = 420;
const HEIGHT = 130;
const LEFT = 62;
const RIGHT = 12;
const TOP = 14;
const BOTTOM = 20;
const RADIUS_MIN = 3;
const RADIUS_MAX = 11;
const LOGARITHMIC_FROM = 30;

/**
 * Each trace as a dot: when it began, how long it took, how many spans it has. The list below has the
 * same as text. `widthPx` is that of its place, so that its own text is as large as the page's.
 */
export function scatter(
  traces: readonly OwnSummary[],
  widthPx: number,
  open: (trace: OwnSummary) => void,
): SVGSVGElement {
  const width = Math.max(MIN_WIDTH, widthPx);
  const starts = traces.map(({ startTime }) => startTime);
  const from = Math.min(...starts);
  const to = Math.max(...starts, from + 1);
  const scale = durationScale(traces.map((trace) => trace.duration));
  const x = (us: number): number =>
    LEFT + RADIUS_MAX + ((us - from) / (to - from)) * (width - LEFT - RIGHT - 2 * RADIUS_MAX);
  const y = (us: number): number => HEIGHT - BOTTOM - scale.place(us) * (HEIGHT - TOP - BOTTOM);

  const chart = svg("svg", { class: "scatter", viewBox: `0 0 ${width} ${HEIGHT}`, "aria-hidden": "true" });
  for (const tick of scale.ticks) {
    const at = String(y(tick));
    chart.append(
      svg("line", { class: "grid", x1: String(LEFT), x2: String(width - RIGHT), y1: at, y2: at }),
      svg("text", { x: String(LEFT - 8), y: String(y(tick) + 4), "text-anchor": "end" }, duration(tick)),
    );
  }
  const axis = String(HEIGHT - 5);
  chart.append(
    svg("text", { x: String(LEFT), y: axis }, clock(from)),
    svg("text", { x: String(width - RIGHT), y: axis, "text-anchor": "end" }, clock(to)),
  );
  // The small ones last, so that none lies hidden under a large one.
  for (const trace of traces.toSorted((a, b) => b.spanCount - a.spanCount)) {
    const dot = svg(
      "circle",
      {
        class: trace.errorCount > 0 ? "dot bad" : "dot",
        cx: String(x(trace.startTime)),
        cy: String(y(trace.duration)),
        r: String(Math.min(RADIUS_MAX, RADIUS_MIN + Math.log10(trace.spanCount) * 1.8)),
      },
      svg("title", {}, `${trace.rootService}: ${trace.rootName}\n${duration(trace.duration)}`),
    );
    dot.addEventListener("click", () => open(trace));
    chart.append(dot);
  }
  return chart;
}

interface Scale {
  /** 0 at the bottom, 1 at the top. */
  place(us: number): number;
  readonly ticks: readonly number[];
}

/** Logarithmic where a few long traces would press all others into one line. */
function durationScale(durations: readonly number[]): Scale {
  const longest = Math.max(...durations, 1) * 1.08;
  const shortest = Math.max(Math.min(...durations), 1);
  if (longest / shortest < LOGARITHMIC_FROM) {
    return { place: (us) => us / longest, ticks: ticks(0, longest, 3) };
  }
  const from = Math.log10(shortest) - 0.3;
  const span = Math.log10(longest) - from;
  const powers = ticks(Math.ceil(from), Math.log10(longest), 3).filter(Number.isInteger);
  return {
    place: (us) => (Math.log10(Math.max(us, 1)) - from) / span,
    ticks: powers.map((power) => 10 ** power),
  };
}
