import type { ServiceColors } from "./colors.ts";

/** What every view gets. */
export interface Page {
  readonly root: HTMLElement;
  readonly colors: ServiceColors;
  /** Aborts when another view takes the place of this one. */
  readonly signal: AbortSignal;
}

/** As `narrow.css` has it. */
export function isNarrow(): boolean {
  return matchMedia("(max-width: 860px)").matches;
}
