import { expect, test } from "bun:test";
import { TracingFixture } from "../fixtures/tracing-fixture.ts";
import { batchSettings } from "./batch-settings.ts";
import { NO_LIMIT_MS } from "./env-number.ts";

const defaults = batchSettings({});

test("OTEL_BSP_* win over the defaults", () => {
  const env = {
    OTEL_BSP_SCHEDULE_DELAY: "20",
    OTEL_BSP_EXPORT_TIMEOUT: " 3000 ",
    OTEL_BSP_MAX_QUEUE_SIZE: "300",
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "500",
  };
  const wanted = { delayMs: 20, exportTimeoutMs: 3_000, queueSpans: 300, batchSpans: 300 };
  expect(batchSettings(env)).toEqual({ ...defaults, ...wanted });
});

test("0 is no delay, and no limit of an export", () => {
  expect(batchSettings({ OTEL_BSP_SCHEDULE_DELAY: "0" }).delayMs).toBe(0);
  expect(batchSettings({ OTEL_BSP_EXPORT_TIMEOUT: "0" }).exportTimeoutMs).toBe(NO_LIMIT_MS);
});

test.each(["", " ", "-1", "1.5", "10s", "1e3", "999999999999"])("%j counts as unset", (text) => {
  const env = {
    OTEL_BSP_SCHEDULE_DELAY: text,
    OTEL_BSP_EXPORT_TIMEOUT: text,
    OTEL_BSP_MAX_QUEUE_SIZE: text,
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: text,
  };
  expect(batchSettings(env)).toEqual(defaults);
});

test("what should be a number and is none is named in the log", async () => {
  await using fixture = new TracingFixture({
    OTEL_BSP_EXPORT_TIMEOUT: "10s",
    OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "-1",
    OTEL_SPAN_EVENT_COUNT_LIMIT: "many",
    OTEL_BSP_SCHEDULE_DELAY: "",
    OTEL_BSP_MAX_QUEUE_SIZE: "100",
    OTEL_EXPORTER_OTLP_HEADERS: "a=b",
  });
  expect(fixture.log.lines.map(({ level, fields }) => `${level} ${fields.setting}`)).toEqual([
    "warn OTEL_BSP_EXPORT_TIMEOUT=10s",
    "warn OTEL_EXPORTER_OTLP_TRACES_TIMEOUT=-1",
    "warn OTEL_SPAN_EVENT_COUNT_LIMIT=many",
  ]);
});
