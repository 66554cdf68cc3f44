/** Attributes of SERVER spans: HTTP's semantic conventions (stable) and our own (tracing.md 4). */
import { redactQuery } from "@ais/tracing/redact.ts";
import type { FactValue, Span, SpanFacts } from "@ais/tracing/types.ts";
import type { Operation } from "@ais/wire/operations.ts";
import type { DaemonType } from "@ais/wire/smap.ts";
import type { Call } from "./call.ts";
import { bodySizeBytes } from "./http/body-size.ts";
import type { HttpReply } from "./http/types.ts";
import { RequestBlocks } from "./request-blocks.ts";

/** Longest user agent kept: it is the caller's text. */
const USER_AGENT_MAX_LENGTH = 256;

/** A memory of texts, no state: any two of them give the same. */
const BLOCKS = new RequestBlocks();

/** Places of what a SERVER span says of its request. */
const FACT = {
  operation: 0,
  method: 1,
  path: 2,
  query: 3,
  bodyBytes: 4,
  bucketName: 5,
  provider: 6,
  namespace: 7,
  objectName: 8,
  smapVersion: 9,
  host: 10,
  clientAddress: 11,
  userAgent: 12,
} as const;

export function requestFacts(call: Call): SpanFacts {
  const { request } = call;
  const values = callValues(call);
  values.push(request.header("host"), request.remoteAddress, request.header("user-agent"));
  return { describe: describeRequest, values };
}

/**
 * Of a request that nobody has asked about so far. What comes from the client's connection is asked of a proxy, whose
 * span tells it for the whole trace; at a target it would cost more than the rest of the span (1.5 us, measured).
 */
export function keptFacts(call: Call, role: DaemonType): SpanFacts {
  return role === "proxy" ? requestFacts(call) : { describe: describeRequest, values: callValues(call) };
}

/** In the order of `FACT`. */
function callValues({ operation, request, query, bucketName, objectName, snapshot }: Call): FactValue[] {
  return [
    operation,
    request.method,
    request.rawPath,
    request.rawQuery,
    request.contentLengthBytes,
    bucketName,
    query.get("provider"),
    query.get("namespace"),
    objectName,
    snapshot.smap.version,
  ];
}

/** What many requests have in common is set as blocks; the rest costs an attribute each. */
function describeRequest(span: Pick<Span, "set" | "add">, values: readonly FactValue[]): void {
  const text = (place: number): string | null => {
    const value = values[place];
    return typeof value === "string" && value !== "" ? value : null;
  };
  const set = (name: string, value: string | null): void => {
    if (value !== null) span.set(name, value);
  };
  span.add(BLOCKS.ofOperation(text(FACT.operation) as Operation, text(FACT.method) ?? ""));
  span.add(
    BLOCKS.ofClientAndBucket({
      host: text(FACT.host),
      userAgent: text(FACT.userAgent)?.slice(0, USER_AGENT_MAX_LENGTH) ?? null,
      bucketName: text(FACT.bucketName) ?? "",
      provider: text(FACT.provider),
      namespace: text(FACT.namespace),
      smapVersion: text(FACT.smapVersion) ?? "0",
    }),
  );
  set("url.path", text(FACT.path));
  const query = redactQuery(text(FACT.query) ?? "");
  if (query !== "") span.set("url.query", query);
  set("client.address", text(FACT.clientAddress));
  const bodyBytes = values[FACT.bodyBytes];
  if (typeof bodyBytes === "number") span.set("http.request.body.size", bodyBytes);
  set("ais.object", text(FACT.objectName));
}

export function setReplyAttributes(span: Span, reply: HttpReply): void {
  span.set("http.response.status_code", reply.status);
  const sizeBytes = bodySizeBytes(reply);
  if (sizeBytes > 0) span.set("http.response.body.size", sizeBytes);
}
