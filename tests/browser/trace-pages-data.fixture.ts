import { getTrace } from "@ais/aistrace/demo.fixture.ts";
import { spanId, type TestSpan, traceId } from "@ais/aistrace/spans.fixture.ts";

/** Traces with something to find. Numbers are those of `traceId`. */
export const NOW = Date.now();
export const SLOW = 900;
export const REFUSED = 901;
export const FAILED = 902;

type Rest = Omit<TestSpan, "traceId" | "spanId">;

/** The span at the top of trace `n`. */
export function top(n: number, span: Rest): TestSpan {
  return { traceId: traceId(n), spanId: spanId(n * 1000), service: "gateway", ...span };
}

/** Child number `child` of the span at the top. */
export function below(n: number, child: number, span: Rest): TestSpan {
  return { ...top(n, span), spanId: spanId(n * 1000 + child), parentSpanId: spanId(n * 1000) };
}

/** A request that was refused with 404, and one that failed twice. */
export function failures(): TestSpan[] {
  return [
    top(REFUSED, {
      startMs: NOW - 30_000,
      name: "GET",
      kind: 1,
      attributes: {
        "http.response.status_code": 404,
        "ais.object": "a \u202egpj.exe",
        "ais.bytes": 3_145_728,
      },
    }),
    top(FAILED, { startMs: NOW - 20_000, durationMs: 50, name: "PUT" }),
    below(FAILED, 1, {
      startMs: NOW - 19_990,
      name: "first try",
      error: true,
      statusMessage: "disk <b>full</b>",
    }),
    below(FAILED, 2, { startMs: NOW - 19_970, name: "second try", durationMs: 20, error: true }),
  ];
}

/** Sixty short ones, and before them one that took long. */
export function slowAmongMany(): TestSpan[] {
  const short = Array.from({ length: 60 }, (_, n) => getTrace(n * 9, NOW - 60_000 - n * 1000)).flat();
  const slow = { startMs: NOW - 600_000, durationMs: 70_000, service: "batch", name: "nightly copy" };
  return [top(SLOW, slow), ...short];
}
