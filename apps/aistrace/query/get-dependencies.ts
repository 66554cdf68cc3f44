import type { QueryContext, QueryRequest } from "./context.ts";
import { integer } from "./parameters.ts";
import { jaegerReply } from "./replies.ts";

const DEFAULT_LOOKBACK_MS = 24 * 3600 * 1000;
/** Counting calls reads every trace of the window, the latest first, for at most this long. */
const BUDGET_MS = 1000;
const US_PER_MS = 1000;

interface Dependency {
  readonly parent: string;
  readonly child: string;
  callCount: number;
}

/** `GET /api/dependencies?endTs=&lookback=`, both in milliseconds */
export function getDependencies({ reader, nowMs }: QueryContext, { query }: QueryRequest): Response {
  const endMs = integer(query, "endTs") ?? nowMs();
  const lookbackMs = integer(query, "lookback") ?? DEFAULT_LOOKBACK_MS;
  const service = query.get("service") ?? "";
  const deadline = performance.now() + BUDGET_MS;
  const dependencies = new Map<string, Dependency>();
  reader.snapshot(() => {
    for (const num of reader.tracesAcrossServices((endMs - lookbackMs) * US_PER_MS, endMs * US_PER_MS)) {
      for (const { parent, child, calls } of reader.calls(num)) {
        if (service !== "" && service !== parent && service !== child) continue;
        const key = JSON.stringify([parent, child]);
        const dependency = dependencies.get(key) ?? { parent, child, callCount: 0 };
        dependency.callCount += calls;
        dependencies.set(key, dependency);
      }
      if (performance.now() > deadline) break;
    }
  });
  return jaegerReply([...dependencies.values()], 0);
}
