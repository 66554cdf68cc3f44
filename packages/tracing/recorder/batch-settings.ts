import { type Env, envNumber, envTimeoutMs } from "./env-number.ts";

/** When a batch is handed over and how much may wait. */
export interface BatchSettings {
  readonly delayMs: number;
  readonly batchSpans: number;
  readonly batchBytes: number;
  readonly queueSpans: number;
  readonly queueBytes: number;
  /** A batch that could not be delivered for so long, tries and waits together, is given up. */
  readonly exportTimeoutMs: number;
}

const DELAY_MS = 1_000;
const BATCH_SPANS = 2_048;
/** With the largest span (limits.ts) well below the 4 MiB that collectors take by default. */
const BATCH_BYTES = 512 * 1024;
const QUEUE_BYTES = 16 * 1024 * 1024;
/** The bound in force is the one in bytes; this one is for `OTEL_BSP_MAX_QUEUE_SIZE`. */
const QUEUE_SPANS = 1_000_000;
/** Long enough for a collector to be started again. */
const EXPORT_TIMEOUT_MS = 60_000;

/** `OTEL_BSP_*` over our defaults, which suit a server: shorter delay and larger batches than a browser's. */
export function batchSettings(env: Env): BatchSettings {
  const queueSpans = envNumber(env, ["OTEL_BSP_MAX_QUEUE_SIZE"], QUEUE_SPANS, 1, QUEUE_SPANS);
  const batchSpans = envNumber(env, ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"], BATCH_SPANS, 1, 65_536);
  return {
    delayMs: envNumber(env, ["OTEL_BSP_SCHEDULE_DELAY"], DELAY_MS, 0, 3_600_000),
    batchSpans: Math.min(batchSpans, queueSpans),
    batchBytes: BATCH_BYTES,
    queueSpans,
    queueBytes: QUEUE_BYTES,
    exportTimeoutMs: envTimeoutMs(env, ["OTEL_BSP_EXPORT_TIMEOUT"], EXPORT_TIMEOUT_MS),
  };
}
