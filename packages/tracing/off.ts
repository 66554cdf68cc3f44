/** The build without tracing: the section is kept and ignored, every call is an empty function (tracing.md 2). */
import { NOOP_SPAN, QuietSpan } from "./noop.ts";
import { type CreateTracing, NO_TAIL, type TracingStats } from "./types.ts";

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});
const NO_STATS: TracingStats = {
  build: "plain",
  enabled: false,
  endpoint: "",
  spansStarted: 0,
  spansEnded: 0,
  spansExported: 0,
  spansQueued: 0,
  spansDropped: {},
  limitsHit: {},
  queueBytes: 0,
  queueCapacityBytes: 0,
  queueCapacitySpans: 0,
  exports: 0,
  exportFailures: 0,
  lastExportMs: 0,
  lastExportTime: "",
  lastError: "",
  lastErrorTime: "",
  samplerProbability: 0,
  tail: NO_TAIL,
};

export const createTracing: CreateTracing = ({ logger }) => {
  let told = false;
  return {
    startServer: () => new QuietSpan(),
    startRoot: () => NOOP_SPAN,
    redirectQuery: () => "",
    outboundHeaders: () => NO_HEADERS,
    responseHeaders: () => NO_HEADERS,
    judge: () => false,
    onTail() {},
    exportTraces() {},
    test: async () => ({
      ok: false,
      build: "plain",
      enabled: false,
      endpoint: "",
      token: "none",
      latencyMs: 0,
      status: "built without tracing",
      traceId: "",
    }),
    async configure(section) {
      if (!section.enabled || told) return;
      told = true;
      logger.log("warn", "built without tracing: the tracing section is kept and ignored");
    },
    stats: () => NO_STATS,
    async stop() {},
  };
};
