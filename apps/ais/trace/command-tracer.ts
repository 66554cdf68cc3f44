/** `ais --trace`: the command is the root span, every HTTP request a CLIENT span below it. */
import type { Clock } from "@ais/base/clock.ts";
import { errorText } from "@ais/base/errors.ts";
import type { RequestObservation, RequestObserver } from "@ais/client/observer.ts";
import type { TransportResponse } from "@ais/client/transport.ts";
import { QUERY } from "@ais/wire/queries.ts";
import type { TraceSpan } from "./span.ts";

export const COMMAND_SERVICE = "ais";

export interface CommandTracerOptions {
  /** `ais object put`: the name of the root span. */
  readonly commandName: string;
  readonly args: readonly string[];
  readonly clock: Clock;
  readonly randomHex?: (bytes: number) => string;
}

interface RecordedSpan {
  readonly spanId: string;
  readonly parentId: string;
  readonly name: string;
  readonly kind: "internal" | "client";
  readonly startNs: bigint;
  endNs: bigint;
  error: string | null;
  readonly attributes: Record<string, string | number>;
}

export class CommandTracer implements RequestObserver {
  readonly traceId: string;
  readonly #clock: Clock;
  readonly #randomHex: (bytes: number) => string;
  readonly #root: RecordedSpan;
  readonly #spans: RecordedSpan[] = [];
  #tracedReplies = 0;

  constructor(options: CommandTracerOptions) {
    this.#clock = options.clock;
    this.#randomHex = options.randomHex ?? randomHex;
    this.traceId = this.#randomHex(16);
    this.#root = this.#open(options.commandName, "internal", "", {
      "ais.command": [options.commandName, ...options.args.map(redactArgument)].join(" "),
    });
  }

  /** Replies whose sender says that it recorded a span of this trace: as many server spans will reach the backend. */
  get tracedReplies(): number {
    return this.#tracedReplies;
  }

  start(method: string, url: string): RequestObservation {
    const { hostname, port } = new URL(url);
    const span = this.#open(method, "client", this.#root.spanId, {
      "http.request.method": method,
      "url.full": redactUrl(url),
      "server.address": hostname,
      ...(port === "" ? {} : { "server.port": Number(port) }),
    });
    return {
      headers: { traceparent: `00-${this.traceId}-${span.spanId}-01`, "ais-trace": "1" },
      responded: (response) => this.#responded(span, response),
      ended: (error) => this.#close(span, error),
    };
  }

  /** Ends the root. `error` is what the command failed with, null when it did not. */
  finish(error: unknown): void {
    for (const span of this.#spans)
      if (span.endNs === 0n) this.#close(span, span === this.#root ? error : null);
  }

  /** What has ended so far. */
  spans(): readonly TraceSpan[] {
    return this.#spans.filter((span) => span.endNs > 0n).map((span) => toTraceSpan(this.traceId, span));
  }

  /** An `ExportTraceServiceRequest` in OTLP's JSON form. */
  toOtlpJson(resource: Readonly<Record<string, string>>): unknown {
    const spans = this.#spans.filter((span) => span.endNs > 0n);
    return {
      resourceSpans: [
        {
          resource: { attributes: otlpAttributes({ "service.name": COMMAND_SERVICE, ...resource }) },
          scopeSpans: [
            { scope: { name: "ais-cli" }, spans: spans.map((span) => toOtlp(this.traceId, span)) },
          ],
        },
      ],
    };
  }

  #open(
    name: string,
    kind: RecordedSpan["kind"],
    parentId: string,
    attributes: Record<string, string | number>,
  ): RecordedSpan {
    const startNs = this.#clock.nowNs();
    const spanId = this.#randomHex(8);
    const span: RecordedSpan = { spanId, parentId, name, kind, startNs, endNs: 0n, error: null, attributes };
    this.#spans.push(span);
    return span;
  }

  #responded(span: RecordedSpan, response: TransportResponse): void {
    span.attributes["http.response.status_code"] = response.status;
    if (response.status >= 400) {
      span.error = `HTTP status ${response.status}`;
      span.attributes["error.type"] = String(response.status);
    }
    const traceResponse = response.header("traceresponse");
    if (traceResponse?.includes(this.traceId) === true && traceResponse.endsWith("-01"))
      this.#tracedReplies++;
  }

  #close(span: RecordedSpan, error: unknown): void {
    if (span.endNs > 0n) return;
    span.endNs = this.#clock.nowNs();
    if (error === null || error === undefined) return;
    span.error = errorText(error);
    span.attributes["error.type"] ??= error instanceof Error ? error.name : "error";
  }
}

function toTraceSpan(traceId: string, span: RecordedSpan): TraceSpan {
  return {
    traceId,
    spanId: span.spanId,
    parentId: span.parentId,
    service: COMMAND_SERVICE,
    name: span.name,
    startUs: Number(span.startNs) / 1000,
    durationUs: Number(span.endNs - span.startNs) / 1000,
    error: span.error !== null,
    kind: span.kind,
    attributes: Object.fromEntries(
      Object.entries(span.attributes).map(([key, value]) => [key, String(value)]),
    ),
    events: [],
    resource: {},
  };
}

// SpanKind and StatusCode of OTLP's trace.proto.
const OTLP_KIND = { internal: 1, client: 3 } as const;
const OTLP_STATUS_ERROR = 2;

function toOtlp(traceId: string, span: RecordedSpan): unknown {
  return {
    traceId,
    spanId: span.spanId,
    ...(span.parentId === "" ? {} : { parentSpanId: span.parentId }),
    name: span.name,
    kind: OTLP_KIND[span.kind],
    startTimeUnixNano: String(span.startNs),
    endTimeUnixNano: String(span.endNs),
    attributes: otlpAttributes(span.attributes),
    ...(span.error === null ? {} : { status: { code: OTLP_STATUS_ERROR, message: span.error } }),
    flags: 1,
  };
}

function otlpAttributes(attributes: Readonly<Record<string, string | number>>): unknown {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value },
  }));
}

/** Values of settings may be secrets; their names never are. */
function redactArgument(argument: string): string {
  const equals = argument.indexOf("=");
  return equals > 0 && !argument.includes("://") ? `${argument.slice(0, equals)}=…` : argument;
}

/** Query items that say what a request is about; any other may be a setting, a token, or the trace itself. */
const SHOWN_QUERY_ITEMS: ReadonlySet<string> = new Set([
  QUERY.provider,
  QUERY.namespace,
  QUERY.what,
  QUERY.props,
  QUERY.presence,
  QUERY.proxyId,
]);

function redactUrl(url: string): string {
  return url.replace(/([?&])([^=&]*)=[^&]*/g, (item, separator: string, name: string) =>
    SHOWN_QUERY_ITEMS.has(decodeURIComponent(name)) ? item : `${separator}${name}=REDACTED`,
  );
}

function randomHex(bytes: number): string {
  return [...crypto.getRandomValues(new Uint8Array(bytes))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
