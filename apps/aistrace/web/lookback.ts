export const WIDEST_LOOKBACK = ["2d", 48 * 3_600_000, "Last 2 days"] as const;

/** How far back a search may look, the least first: the parameter's text, the time, and what people read. */
export const LOOKBACKS = [
  ["5m", 5 * 60_000, "Last 5 minutes"],
  ["15m", 15 * 60_000, "Last 15 minutes"],
  ["1h", 3_600_000, "Last hour"],
  ["6h", 6 * 3_600_000, "Last 6 hours"],
  ["24h", 24 * 3_600_000, "Last 24 hours"],
  WIDEST_LOOKBACK,
] as const;
export const DEFAULT_LOOKBACK = "1h";

/** The least that is offered and reaches back to `us`, but no less than the usual. */
export function lookbackTo(us: number, nowMs: number): string {
  const usual = LOOKBACKS.findIndex(([text]) => text === DEFAULT_LOOKBACK);
  const found = LOOKBACKS.slice(usual).find(([, ms]) => nowMs - ms < us / 1000);
  return found?.[0] ?? WIDEST_LOOKBACK[0];
}
