import type { QueryOperation } from "./context.ts";
import { findTraces } from "./find-traces.ts";
import { getDependencies } from "./get-dependencies.ts";
import { getGraph } from "./get-graph.ts";
import { getMetrics } from "./get-metrics.ts";
import { getOperationNames, getOperations } from "./get-operations.ts";
import { getServices } from "./get-services.ts";
import { getStats } from "./get-stats.ts";
import { getOtlpTrace, getTrace } from "./get-trace.ts";
import { findInTrace, getOutline, getSpan, listTraces } from "./own-traces.ts";

/** `*` stands for one part of the path. */
const ROUTES: readonly (readonly [pattern: string, operation: QueryOperation])[] = [
  ["/api/services", getServices],
  ["/api/services/*/operations", getOperationNames],
  ["/api/operations", getOperations],
  ["/api/traces", findTraces],
  ["/api/traces/*", getTrace],
  ["/api/dependencies", getDependencies],
  ["/api/aistrace/traces", listTraces],
  ["/api/aistrace/traces/*", getOutline],
  ["/api/aistrace/traces/*/find", findInTrace],
  ["/api/aistrace/traces/*/spans/*", getSpan],
  ["/api/aistrace/traces/*/otlp", getOtlpTrace],
  ["/api/aistrace/graph", getGraph],
  ["/api/aistrace/stats", getStats],
  ["/metrics", getMetrics],
];

export interface Match {
  readonly operation: QueryOperation;
  readonly path: readonly string[];
}

/** `pathname` is still percent-encoded, so that a service name may contain a slash. */
export function matchRoute(pathname: string): Match | null {
  const parts = pathname.split("/");
  for (const [pattern, operation] of ROUTES) {
    const expected = pattern.split("/");
    if (expected.length !== parts.length) continue;
    const fits = expected.every((part, i) => part === "*" || part === parts[i]);
    if (fits) return { operation, path: parts.filter((_, i) => expected[i] === "*").map(decodePart) };
  }
  return null;
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // Not UTF-8: no name in the store can be equal to it, as it stands or decoded.
    return part;
  }
}
