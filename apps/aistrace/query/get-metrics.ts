import type { QueryContext } from "./context.ts";

type Sample = readonly [labels: string, value: number];

/** `GET /metrics`, in Prometheus' text format */
export function getMetrics({ reader, counters, limits, queuedBytes, version }: QueryContext): Response {
  const stored = reader.counts();
  const { malformed, overload, unavailable } = counters.requestsRefused;
  const body = [
    metric("aistrace_build_info", "gauge", "Version of the program.", [[`version="${version}"`, 1]]),
    metric("aistrace_requests_total", "counter", "Export requests taken in.", [["", counters.requests]]),
    metric("aistrace_requests_refused_total", "counter", "Export requests refused as a whole, by reason.", [
      ['reason="malformed"', malformed],
      ['reason="overload"', overload],
      ['reason="unavailable"', unavailable],
    ]),
    metric("aistrace_received_bytes_total", "counter", "Bytes of export requests.", [
      ["", counters.receivedBytes],
    ]),
    metric("aistrace_spans_received_total", "counter", "Spans in requests that could be decoded.", [
      ["", counters.spansReceived],
    ]),
    metric("aistrace_spans_stored_total", "counter", "Spans written to the store.", [
      ["", counters.spansStored],
    ]),
    metric("aistrace_spans_refused_total", "counter", "Spans that were not valid.", [
      ["", counters.spansRefused],
    ]),
    metric("aistrace_spans_evicted_total", "counter", "Spans removed by the limits of age and size.", [
      ["", counters.spansEvicted],
    ]),
    metric("aistrace_queue_bytes", "gauge", "Bytes received and not yet committed.", [["", queuedBytes()]]),
    metric("aistrace_store_spans", "gauge", "Spans in the store.", [["", stored.spans]]),
    metric("aistrace_store_traces", "gauge", "Traces in the store.", [["", stored.traces]]),
    metric("aistrace_store_bytes", "gauge", "Bytes of the store on disk.", [["", reader.bytes()]]),
    metric("aistrace_store_max_bytes", "gauge", "Limit of the store's size.", [["", limits.maxBytes]]),
  ];
  return new Response(body.join(""), {
    headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
  });
}

function metric(name: string, type: "counter" | "gauge", help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => `${name}${labels === "" ? "" : `{${labels}}`} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}
