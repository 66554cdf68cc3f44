import { DEFAULT_LOOKBACK } from "./lookback.ts";

export const LIMITS = ["20", "50", "100", "500", "1500"] as const;
export const DEFAULT_LIMIT = "20";
const US_PER_MS = 1000;
/** Orders that the server finds by; by others the page sorts what was found. */
const SERVER_ORDERS: ReadonlySet<string> = new Set(["latest", "longest"]);

/** The parameters of the address as parameters of the server: a lookback starts from now, not from when it was typed. */
export function apiQuery(query: URLSearchParams, nowMs: number): URLSearchParams {
  const asked = new URLSearchParams(query);
  if ((asked.get("lookback") ?? DEFAULT_LOOKBACK) !== "custom") {
    asked.delete("start");
    asked.set("end", String(nowMs * US_PER_MS));
    asked.set("lookback", asked.get("lookback") ?? DEFAULT_LOOKBACK);
  }
  asked.set("limit", asked.get("limit") ?? DEFAULT_LIMIT);
  if (!SERVER_ORDERS.has(asked.get("order") ?? "")) asked.delete("order");
  return asked;
}

/** The search with one parameter changed. */
export function withParameter(query: URLSearchParams, name: string, value: string): URLSearchParams {
  const changed = new URLSearchParams(query);
  changed.set(name, value);
  return changed;
}

/** The next larger limit, or null at the largest. */
export function nextLimit(query: URLSearchParams): string | null {
  const limit = limitOf(query);
  return LIMITS.find((larger) => Number(larger) > limit) ?? null;
}

export function limitOf(query: URLSearchParams): number {
  return Number(query.get("limit") || DEFAULT_LIMIT);
}
