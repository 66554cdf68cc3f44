/** `ais trace ls`: recent traces, newest first. */
import { sleep } from "@ais/base/lifecycle.ts";
import { bucketCname } from "@ais/wire/bck.ts";
import { OPERATIONS } from "@ais/wire/operations.ts";
import type { Command } from "commander";
import type { CommandContext, Runtime } from "../context.ts";
import { parseDurationValue, parsePositiveCount } from "../option-values.ts";
import { formatMicroseconds } from "../output/units.ts";
import { TRACE_QUERY_DEADLINE_MS } from "../trace/find-trace.ts";
import { JaegerClient, type Trace, type TraceSearch } from "../trace/jaeger.ts";
import { buildSpanForest } from "../trace/span.ts";
import { parseBucketUri } from "../uri.ts";

interface Options {
  readonly service?: string;
  readonly operation?: string;
  readonly bucket?: string;
  readonly minDuration?: number;
  readonly errors?: boolean;
  readonly limit: number;
  readonly lookback: number;
}

const ARRIVAL_DEADLINE_MS = 2500;
const POLL_INTERVAL_MS = 250;
const DEFAULT_LIMIT = 20;
const DEFAULT_LOOKBACK_MS = 3_600_000;
/** Services that trace backends record of themselves. */
const BACKEND_SERVICES: ReadonlySet<string> = new Set([
  "jaeger",
  "jaeger-all-in-one",
  "jaeger-query",
  "aistrace",
]);

export function traceListCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("ls")
    .summary("list recent traces")
    .description(
      "List recent traces, newest first, from aistrace, Jaeger, or what else answers Jaeger's query API.",
    )
    .option("--service <name>", "such as aistore-proxy; every service when left out")
    .option("--operation <name>", "such as object.get, or the name of a span, such as ais.file.read")
    .option("--bucket <bucket>", "such as ais://nnn")
    .option("--min-duration <time>", "such as 10ms, 1.5s", parseDurationValue)
    .option("--errors", "only traces with an error")
    .option("--limit <count>", "at most this many", parsePositiveCount, DEFAULT_LIMIT)
    .option(
      "--lookback <time>",
      "how far back, such as 30m, 2h, 1d",
      parseDurationValue,
      DEFAULT_LOOKBACK_MS,
    );
  return runtime.handle<Options>(command, async (context, _, options) => {
    const jaeger = new JaegerClient(context.settings.traceEndpoint, TRACE_QUERY_DEADLINE_MS);
    const found = await findArrivingTraces(jaeger, options, context.io.signal);
    const traces = found.slice(0, options.limit).map(summarize);
    if (context.settings.json) return context.printJson(traces);
    if (traces.length === 0) {
      context.print(`No traces found at ${jaeger.endpoint}.`);
      context.note("They arrive a second or two after their requests; what nodes send: ais show tracing");
      return;
    }
    printTraces(context, traces);
  });
}

/** Where there are none at all, the first ones may be on their way: nodes send theirs once a second. */
async function findArrivingTraces(
  jaeger: JaegerClient,
  options: Options,
  signal: AbortSignal,
): Promise<readonly Trace[]> {
  const { service, operation, bucket, minDuration, errors } = options;
  const isAny = [service, operation, bucket, minDuration, errors].every(
    (condition) => condition === undefined,
  );
  const deadlineMs = performance.now() + (isAny ? ARRIVAL_DEADLINE_MS : 0);
  for (;;) {
    const found = await findTraces(jaeger, options);
    if (found.length > 0 || performance.now() > deadlineMs) return found;
    await sleep(POLL_INTERVAL_MS, signal);
    signal.throwIfAborted();
  }
}

async function findTraces(jaeger: JaegerClient, options: Options): Promise<readonly Trace[]> {
  const services =
    options.service === undefined
      ? (await jaeger.services()).filter((service) => !BACKEND_SERVICES.has(service))
      : [options.service];
  const endUs = Date.now() * 1000;
  const { operation = "" } = options;
  // Backends know operations as the names of spans; ours are a tag of the spans that serve them.
  const isOperation = Object.hasOwn(OPERATIONS, operation);
  const tags = {
    ...(options.bucket === undefined ? {} : { "ais.bucket": bucketCname(parseBucketUri(options.bucket)) }),
    ...(options.errors === true ? { error: "true" } : {}),
    ...(isOperation ? { "ais.operation": operation } : {}),
  };
  const found = new Map<string, Trace>();
  for (const service of services) {
    const search: TraceSearch = {
      service,
      tags,
      operation: isOperation ? undefined : options.operation,
      minDurationMs: options.minDuration,
      startUs: endUs - options.lookback * 1000,
      endUs,
      limit: options.limit,
    };
    for (const trace of await jaeger.search(search)) {
      const [first] = trace;
      if (first !== undefined) found.set(first.traceId, trace);
    }
  }
  return [...found.values()].sort((left, right) => startOf(right) - startOf(left));
}

interface TraceSummary {
  readonly traceId: string;
  readonly started: string;
  readonly durationUs: number;
  readonly spans: number;
  readonly errors: number;
  readonly services: readonly string[];
  readonly root: string;
  readonly object: string;
}

function summarize(trace: Trace): TraceSummary {
  const startUs = startOf(trace);
  const endUs = Math.max(...trace.map((span) => span.startUs + span.durationUs));
  const [root] = buildSpanForest(trace);
  const named = trace.find((span) => span.attributes["ais.bucket"] !== undefined);
  const { "ais.bucket": bucket = "", "ais.object": object = "" } = named?.attributes ?? {};
  return {
    traceId: trace[0]?.traceId ?? "",
    started: new Date(startUs / 1000).toISOString(),
    durationUs: endUs - startUs,
    spans: trace.length,
    errors: trace.filter((span) => span.error).length,
    services: [...new Set(trace.map((span) => span.service))],
    root: root === undefined ? "" : `${root.span.service}: ${root.span.name}`,
    object: object === "" ? bucket : `${bucket}/${object}`,
  };
}

function startOf(trace: Trace): number {
  return Math.min(...trace.map((span) => span.startUs));
}

function printTraces(context: CommandContext, traces: readonly TraceSummary[]): void {
  const names = ["TRACE ID", "STARTED", "DURATION", "SPANS", "ERRORS", "ROOT", "OBJECT"];
  const rows = traces.map((trace) => [
    trace.traceId,
    trace.started.replace("T", " ").replace("Z", ""),
    formatMicroseconds(trace.durationUs),
    String(trace.spans),
    trace.errors === 0 ? "-" : context.colors.red(String(trace.errors)),
    trace.root,
    trace.object === "" ? "-" : trace.object,
  ]);
  context.printTable(
    names.map((name) => ({ name })),
    rows,
  );
}
