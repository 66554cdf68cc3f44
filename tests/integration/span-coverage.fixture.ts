/** What the children of a target's SERVER span account for, and every kind of request that a target serves. */
import { expect } from "bun:test";
import { must } from "@ais/base/assert.ts";
import type { CollectedSpan, TestCollector } from "@ais/testkit/collector.ts";

export const OBJECT = "/v1/objects/{bucket}/{object}";
const IN_FLIGHT = 16;
export const INLINE_BYTES = 1_000;
export const FILE_BYTES = 200_000;
export const WANTED_SHARE = 0.9;
/** Times are whole nanoseconds of two clocks: the daemon's own figure and the exported times may differ so much. */
export const TOLERANCE_MS = 0.01;
const SERVER = 2;

/** One kind of request; `name` is of an object that no other request is about. */
export interface RequestKind {
  readonly title: string;
  /** Of the target's SERVER span. */
  readonly spanName: string;
  prepare?(name: string): Promise<unknown>;
  /** Resolves with the id of the request's trace. */
  send(name: string): Promise<string>;
}

export class Requests {
  readonly #url: () => string;
  readonly #handles = new Map<string, string>();

  /** `url` is asked for when a request is sent: the kinds are needed before there is a cluster. */
  constructor(url: () => string) {
    this.#url = url;
  }

  async send(
    method: string,
    path: string,
    body?: Uint8Array<ArrayBuffer> | string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly text: string; readonly headers: Headers; readonly traceId: string }> {
    const reply = await fetch(`${this.#url()}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    const text = await reply.text();
    expect([path, reply.status, reply.status < 300 ? "" : text]).toEqual([path, reply.status, ""]);
    const [, traceId = ""] = (reply.headers.get("traceresponse") ?? "").split("-");
    return { text, headers: reply.headers, traceId };
  }

  all(): readonly RequestKind[] {
    return [
      this.#simple("PUT inline", "PUT", INLINE_BYTES),
      this.#simple("PUT file", "PUT", FILE_BYTES),
      this.#simple("GET inline", "GET", INLINE_BYTES),
      this.#simple("GET file", "GET", FILE_BYTES),
      {
        ...this.#simple("GET range", "GET", FILE_BYTES),
        send: (name) => this.#done("GET", at(name), undefined, { range: "bytes=50000-149999" }),
      },
      this.#simple("HEAD inline", "HEAD", INLINE_BYTES),
      this.#simple("HEAD file", "HEAD", FILE_BYTES),
      this.#simple("DELETE inline", "DELETE", INLINE_BYTES),
      this.#simple("DELETE file", "DELETE", FILE_BYTES),
      {
        ...this.#simple("PATCH", "PATCH", FILE_BYTES),
        send: (name) => this.#done("PATCH", at(name), JSON.stringify({ value: { color: "blue" } })),
      },
      {
        ...this.#simple("copy", "PUT", FILE_BYTES),
        prepare: (name) => this.#put(name, FILE_BYTES),
        send: (name) => this.#done("PUT", `${at(name)}?object_to=ais/@%23/b/copy-of-${name}`),
      },
      {
        ...this.#simple("rename", "POST", FILE_BYTES),
        send: (name) => this.#post(name, "", "rename-obj", null, `renamed-${name}`),
      },
      ...this.#appends(),
      ...this.#multiparts(),
      {
        title: "a page of a listing",
        spanName: "POST /v1/intra/list",
        send: () => this.#done("GET", "/v1/buckets/b"),
      },
    ];
  }

  #appends(): RequestKind[] {
    const begin = async (name: string): Promise<string> => {
      const path = `${at(name)}?append_type=append&append_handle=`;
      const { headers, traceId } = await this.send("PUT", path, content(FILE_BYTES));
      this.#handles.set(name, encodeURIComponent(must(headers.get("ais-append-handle"), "a handle")));
      return traceId;
    };
    const on = (type: string) => (name: string) =>
      this.#done(
        "PUT",
        `${at(name)}?append_type=${type}&append_handle=${this.#handles.get(name)}`,
        type === "append" ? content(FILE_BYTES) : undefined,
      );
    const spanName = `PUT ${OBJECT}`;
    return [
      { title: "append, the first", spanName, send: begin },
      { title: "append, a further one", spanName, prepare: begin, send: on("append") },
      { title: "append, flush", spanName, prepare: begin, send: on("flush") },
    ];
  }

  #multiparts(): RequestKind[] {
    const begin = async (name: string): Promise<string> => {
      const { text, traceId } = await this.send("POST", at(name), act("mpt-upload"));
      this.#handles.set(name, text);
      return traceId;
    };
    const part = (name: string): Promise<string> =>
      this.#done("PUT", `${at(name)}?uploadId=${this.#handles.get(name)}&partNumber=1`, content(FILE_BYTES));
    const withPart = async (name: string): Promise<void> => {
      await begin(name);
      await part(name);
    };
    const parts = [{ "part-number": 1, etag: "" }];
    return [
      { title: "multipart, begin", spanName: `POST ${OBJECT}`, send: begin },
      { title: "multipart, part", spanName: `PUT ${OBJECT}`, prepare: begin, send: part },
      {
        title: "multipart, complete",
        spanName: `POST ${OBJECT}`,
        prepare: withPart,
        send: (name) => this.#post(name, `?uploadId=${this.#handles.get(name)}`, "mpt-complete", parts),
      },
      {
        title: "multipart, abort",
        spanName: `DELETE ${OBJECT}`,
        prepare: withPart,
        send: (name) =>
          this.#done("DELETE", `${at(name)}?uploadId=${this.#handles.get(name)}`, act("mpt-abort")),
      },
    ];
  }

  #simple(title: string, method: string, bytes: number): RequestKind {
    const spanName = `${method} ${OBJECT}`;
    if (method === "PUT") return { title, spanName, send: (name) => this.#put(name, bytes) };
    return {
      title,
      spanName,
      prepare: (name) => this.#put(name, bytes),
      send: (name) => this.#done(method, at(name)),
    };
  }

  #put(name: string, bytes: number): Promise<string> {
    return this.#done("PUT", at(name), content(bytes));
  }

  #post(object: string, query: string, action: string, value: unknown, name = ""): Promise<string> {
    return this.#done("POST", `${at(object)}${query}`, act(action, value, name));
  }

  async #done(...request: Parameters<Requests["send"]>): Promise<string> {
    return (await this.send(...request)).traceId;
  }
}

function at(name: string): string {
  return `/v1/objects/b/${name}`;
}

function act(action: string, value: unknown = null, name = ""): string {
  return JSON.stringify({ action, name, value });
}

function content(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes).fill(7);
}

export async function inParallel<T>(count: number, one: (number: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (next < count) results.push(await one(next++));
    }),
  );
  return results;
}

export interface Explained {
  readonly tookMs: number;
  /** In which no child was open. */
  readonly gapMs: number;
  /** What the span's own event says about that. */
  readonly waitMs: number;
}

const ms = (from: bigint, to: bigint): number => Number(to - from) / 1e6;

export function explain(span: CollectedSpan, all: readonly CollectedSpan[]): Explained {
  const children = all.filter((child) => child.parentSpanId === span.spanId);
  children.sort((a, b) => Number(a.startTimeUnixNano - b.startTimeUnixNano));
  let gapMs = 0;
  let until = span.startTimeUnixNano;
  for (const { startTimeUnixNano: start, endTimeUnixNano: end } of children) {
    if (start > until) gapMs += ms(until, start);
    if (end > until) until = end;
  }
  if (span.endTimeUnixNano > until) gapMs += ms(until, span.endTimeUnixNano);
  const event = span.events.find(({ name }) => name === "ais.thread.wait");
  return {
    tookMs: ms(span.startTimeUnixNano, span.endTimeUnixNano),
    gapMs,
    waitMs: Number(event?.attributes["ais.thread.wait_ms"] ?? 0),
  };
}

/** Nothing is left over, or the event says how much, and it says the truth. */
export function expectExplained({ tookMs, gapMs, waitMs }: Explained): void {
  if (waitMs > 0) expect(Math.abs(gapMs - waitMs)).toBeLessThan(TOLERANCE_MS);
  else expect(gapMs).toBeLessThanOrEqual(tookMs * (1 - WANTED_SHARE) + TOLERANCE_MS);
}

/** What is explained of those requests at the target, once all of it has arrived. */
export function explainAll(
  collector: TestCollector,
  traceIds: readonly string[],
  spanName: string,
): Promise<readonly Explained[]> {
  return collector.until(() => {
    const traces = Map.groupBy(collector.spans, ({ traceId }) => traceId);
    const explained = traceIds.map((traceId) => {
      const trace = traces.get(traceId) ?? [];
      const server = trace.find(
        (span) => span.kind === SERVER && span.name === spanName && span.serviceName === "aistore-target",
      );
      return server === undefined ? null : explain(server, trace);
    });
    return explained.every((one) => one !== null) ? explained : null;
  });
}
