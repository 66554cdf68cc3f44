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
const FIRST_ERROR = 400;

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
  userAgent: 11,
  clientAddress: 12,
} as const;

/**
 * A proxy names the client's address in its span, for the whole trace. A target names it only where a reply is an error
 * (`setReplyAttributes`): to ask for it would cost more than the rest of the span (1.4 us of 22, measured: Bun makes an object).
 */
export function requestFacts(call: Call, role: DaemonType): SpanFacts {
  const { request } = call;
  const values = callValues(call);
  values.push(request.header("host"), request.header("user-agent"));
  if (role === "proxy") values.push(request.remoteAddress);
  return { describe: describeRequest, values };
}

/** Of a request that nobody has asked about so far. A target says nothing of its client's headers then, for the same reason. */
export function keptFacts(call: Call, role: DaemonType): SpanFacts {
  return role === "proxy"
    ? requestFacts(call, role)
    : { describe: describeRequest, values: callValues(call) };
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
  span.add(BLOCKS.ofOperation(values[FACT.operation] as Operation, textAt(values, FACT.method) ?? ""));
  span.add(
    BLOCKS.ofClientAndBucket({
      host: textAt(values, FACT.host),
      userAgent: textAt(values, FACT.userAgent)?.slice(0, USER_AGENT_MAX_LENGTH) ?? null,
      bucketName: textAt(values, FACT.bucketName) ?? "",
      provider: textAt(values, FACT.provider),
      namespace: textAt(values, FACT.namespace),
      smapVersion: textAt(values, FACT.smapVersion) ?? "0",
    }),
  );
  setText(span, "url.path", textAt(values, FACT.path));
  const query = textAt(values, FACT.query);
  if (query !== null) setText(span, "url.query", redactQuery(query));
  setText(span, "client.address", textAt(values, FACT.clientAddress));
  const bodyBytes = values[FACT.bodyBytes];
  if (typeof bodyBytes === "number") span.set("http.request.body.size", bodyBytes);
  setText(span, "ais.object", textAt(values, FACT.objectName));
}

/** An empty text says nothing. */
function textAt(values: readonly FactValue[], place: number): string | null {
  const value = values[place];
  return typeof value === "string" && value !== "" ? value : null;
}

function setText(span: Pick<Span, "set">, name: string, value: string | null): void {
  if (value !== null && value !== "") span.set(name, value);
}

export function setReplyAttributes({ span, request }: Call, reply: HttpReply, role: DaemonType): void {
  span.add(BLOCKS.ofStatus(reply.status));
  const sizeBytes = bodySizeBytes(reply);
  if (sizeBytes > 0) span.set("http.response.body.size", sizeBytes);
  if (role === "target" && reply.status >= FIRST_ERROR)
    setText(span, "client.address", request.remoteAddress);
}
