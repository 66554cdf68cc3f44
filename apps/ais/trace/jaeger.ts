/** Reads traces over Jaeger's HTTP query API, which aistrace, Jaeger and several others answer. */
import type { TraceEvent, TraceSpan } from "./span.ts";

export class TraceBackendError extends Error {
  override readonly name = "TraceBackendError";
}

export interface TraceSearch {
  readonly service: string;
  readonly operation?: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly minDurationMs?: number | undefined;
  readonly startUs: number;
  readonly endUs: number;
  readonly limit: number;
}

export type Trace = readonly TraceSpan[];

export class JaegerClient {
  readonly #endpoint: string;
  readonly #deadlineMs: number;

  constructor(endpoint: string, deadlineMs: number) {
    this.#endpoint = endpoint.replace(/\/+$/, "");
    this.#deadlineMs = deadlineMs;
  }

  get endpoint(): string {
    return this.#endpoint;
  }

  async services(): Promise<readonly string[]> {
    const data = await this.#get("/api/services");
    return asArray(data).filter((name): name is string => typeof name === "string");
  }

  /** Newest first, as the backend orders them. */
  async search(search: TraceSearch): Promise<readonly Trace[]> {
    const query = new URLSearchParams({
      service: search.service,
      start: String(Math.floor(search.startUs)),
      end: String(Math.ceil(search.endUs)),
      limit: String(search.limit),
    });
    if (search.operation !== undefined) query.set("operation", search.operation);
    if (search.minDurationMs !== undefined) query.set("minDuration", `${search.minDurationMs}ms`);
    if (Object.keys(search.tags).length > 0) query.set("tags", JSON.stringify(search.tags));
    return asArray(await this.#get(`/api/traces?${query}`)).map(traceFromJaeger);
  }

  /** Null when the backend has no such trace (yet). */
  async trace(traceId: string): Promise<Trace | null> {
    const data = asArray(await this.#get(`/api/traces/${encodeURIComponent(traceId)}`, true));
    const spans = data.flatMap(traceFromJaeger);
    return spans.length === 0 ? null : spans;
  }

  async #get(path: string, missingIsEmpty = false): Promise<unknown> {
    let response: Response;
    try {
      response = await fetch(this.#endpoint + path, { signal: AbortSignal.timeout(this.#deadlineMs) });
    } catch (cause) {
      throw new TraceBackendError(
        `no trace backend answers at ${this.#endpoint}: start one (make aistrace, or Jaeger) or set AIS_TRACE_ENDPOINT`,
        { cause },
      );
    }
    const text = await response.text();
    if (response.status === 404 && missingIsEmpty) return [];
    const body = parseObject(text);
    if (!response.ok) throw new TraceBackendError(failureText(this.#endpoint, response.status, body));
    return body.data;
  }
}

function failureText(endpoint: string, status: number, body: Json): string {
  const [error] = asArray(body.errors);
  const message = asObject(error).msg;
  const detail = typeof message === "string" ? `: ${message}` : "";
  return `the trace backend at ${endpoint} answered with HTTP status ${status}${detail}`;
}

/** One element of `data` in a reply of `/api/traces`. */
export function traceFromJaeger(value: unknown): Trace {
  const trace = asObject(value);
  const processes = new Map(
    Object.entries(asObject(trace.processes)).map(([id, process]) => [id, asObject(process)]),
  );
  const resources = new Map([...processes].map(([id, { tags }]) => [id, tagsOf(tags)]));
  return asArray(trace.spans).map((element): TraceSpan => {
    const span = asObject(element);
    const attributes = tagsOf(span.tags);
    const processId = text(span.processID);
    return {
      traceId: text(span.traceID),
      spanId: text(span.spanID),
      parentId: parentOf(span),
      service: text(processes.get(processId)?.serviceName),
      name: text(span.operationName),
      startUs: Number(span.startTime ?? 0),
      durationUs: Number(span.duration ?? 0),
      error: attributes.error === "true" || attributes["otel.status_code"] === "ERROR",
      kind: attributes["span.kind"] ?? "",
      attributes,
      events: asArray(span.logs).map(eventFromJaeger),
      resource: resources.get(processId) ?? {},
    };
  });
}

function parentOf(span: Json): string {
  for (const element of asArray(span.references)) {
    const reference = asObject(element);
    if (reference.refType === "CHILD_OF" && reference.traceID === span.traceID) return text(reference.spanID);
  }
  return text(span.parentSpanID);
}

function eventFromJaeger(value: unknown): TraceEvent {
  const log = asObject(value);
  const { event, ...attributes } = tagsOf(log.fields);
  return { timeUs: Number(log.timestamp ?? 0), name: event ?? "event", attributes };
}

function tagsOf(value: unknown): Readonly<Record<string, string>> {
  const tags: Record<string, string> = {};
  for (const element of asArray(value)) {
    const tag = asObject(element);
    tags[text(tag.key)] = typeof tag.value === "string" ? tag.value : JSON.stringify(tag.value ?? "");
  }
  return tags;
}

type Json = Readonly<Record<string, unknown>>;

function parseObject(textOfBody: string): Json {
  try {
    return asObject(JSON.parse(textOfBody));
  } catch {
    throw new TraceBackendError("the trace backend answered with something that is not JSON");
  }
}

function asObject(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
