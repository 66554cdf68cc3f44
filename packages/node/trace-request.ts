/** Attributes of SERVER spans: HTTP's semantic conventions (stable) and our own (tracing.md 4). */
import { redactQuery } from "@ais/tracing/redact.ts";
import type { Span, SpanFacts } from "@ais/tracing/types.ts";
import { bckFromRequest, bucketCname } from "@ais/wire/bck.ts";
import { OPERATIONS, type Operation } from "@ais/wire/operations.ts";
import type { DaemonType } from "@ais/wire/smap.ts";
import type { Call, Query } from "./call.ts";
import { bodySizeBytes } from "./http/body-size.ts";
import type { HttpReply } from "./http/types.ts";

/** Longest user agent kept: it is the caller's text. */
const USER_AGENT_MAX_LENGTH = 256;

/** What a SERVER span says of its request. It outlives the connection: it holds texts only. */
export class RequestFacts implements SpanFacts {
  readonly #operation: Operation;
  readonly #method: string;
  readonly #path: string;
  readonly #query: string;
  readonly #bodyBytes: number | null;
  readonly #bucketName: string;
  readonly #objectName: string;
  readonly #parsedQuery: Query;
  readonly #smapVersion: string;
  #host: string | null = null;
  #clientAddress = "";
  #userAgent: string | null = null;

  private constructor({ operation, request, query, bucketName, objectName, snapshot }: Call) {
    this.#operation = operation;
    this.#method = request.method;
    this.#path = request.rawPath;
    this.#query = request.rawQuery;
    this.#bodyBytes = request.contentLengthBytes;
    this.#bucketName = bucketName;
    this.#objectName = objectName;
    this.#parsedQuery = query;
    this.#smapVersion = snapshot.smap.version;
  }

  static of(call: Call): RequestFacts {
    const facts = new RequestFacts(call);
    const { request } = call;
    facts.#host = request.header("host");
    facts.#clientAddress = request.remoteAddress;
    facts.#userAgent = request.header("user-agent");
    return facts;
  }

  /**
   * Of a request that nobody has asked about so far. What comes from the client's connection is asked of a proxy, whose
   * span tells it for the whole trace; at a target it would cost more than the rest of the span (1.5 us, measured).
   */
  static kept(call: Call, role: DaemonType): RequestFacts {
    return role === "proxy" ? RequestFacts.of(call) : new RequestFacts(call);
  }

  /** Costs a dozen attributes: for recording spans only. */
  describe(span: Span): void {
    span.set("http.request.method", this.#method);
    span.set("http.route", OPERATIONS[this.#operation].route);
    span.set("url.path", this.#path);
    span.set("url.scheme", "http");
    if (this.#query !== "") {
      const query = redactQuery(this.#query);
      if (query !== "") span.set("url.query", query);
    }
    setServerAddress(span, this.#host);
    if (this.#clientAddress !== "") span.set("client.address", this.#clientAddress);
    if (this.#userAgent !== null)
      span.set("user_agent.original", this.#userAgent.slice(0, USER_AGENT_MAX_LENGTH));
    span.set("network.protocol.version", "1.1");
    if (this.#bodyBytes !== null) span.set("http.request.body.size", this.#bodyBytes);
    span.set("ais.operation", this.#operation);
    if (this.#bucketName !== "")
      span.set("ais.bucket", bucketOf({ bucketName: this.#bucketName, query: this.#parsedQuery }));
    if (this.#objectName !== "") span.set("ais.object", this.#objectName);
    span.set("ais.smap.version", Number(this.#smapVersion));
  }
}

export function setReplyAttributes(span: Span, reply: HttpReply): void {
  span.set("http.response.status_code", reply.status);
  const sizeBytes = bodySizeBytes(reply);
  if (sizeBytes > 0) span.set("http.response.body.size", sizeBytes);
}

function setServerAddress(span: Span, host: string | null): void {
  if (host === null) return;
  const colon = host.lastIndexOf(":");
  const port = colon < 0 ? "" : host.slice(colon + 1);
  if (!/^\d{1,5}$/.test(port)) {
    span.set("server.address", host);
    return;
  }
  span.set("server.address", host.slice(0, colon));
  span.set("server.port", Number(port));
}

/** The bucket that a call names, as people write it; empty for none. */
export function bucketOf({ bucketName, query }: Pick<Call, "bucketName" | "query">): string {
  return bucketName === "" ? "" : bucketText(bucketName, query.get("provider"), query.get("namespace"));
}

/** The plain name when the request's provider or namespace makes no sense. */
function bucketText(bucketName: string, provider: string | null, namespace: string | null): string {
  try {
    return bucketCname(bckFromRequest(bucketName, provider, namespace));
  } catch {
    return bucketName;
  }
}
