/** Attributes of SERVER spans: HTTP's semantic conventions (stable) and our own (tracing.md 4). */
import { redactQuery } from "@ais/tracing/redact.ts";
import type { Span } from "@ais/tracing/types.ts";
import { bckFromRequest, bucketCname } from "@ais/wire/bck.ts";
import { OPERATIONS } from "@ais/wire/operations.ts";
import type { Call } from "./call.ts";
import type { HttpReply } from "./http/types.ts";

/** Longest user agent kept: it is the caller's text. */
const USER_AGENT_MAX_LENGTH = 256;

/** Costs a dozen attributes: call it for recording spans only. */
export function setRequestAttributes(call: Call): void {
  const { span, request, operation } = call;
  span.set("http.request.method", request.method);
  span.set("http.route", OPERATIONS[operation].route);
  span.set("url.path", request.rawPath);
  span.set("url.scheme", "http");
  if (request.rawQuery !== "") {
    const query = redactQuery(request.rawQuery);
    if (query !== "") span.set("url.query", query);
  }
  setServerAddress(span, request.header("host"));
  if (request.remoteAddress !== "") span.set("client.address", request.remoteAddress);
  const userAgent = request.header("user-agent");
  if (userAgent !== null) span.set("user_agent.original", userAgent.slice(0, USER_AGENT_MAX_LENGTH));
  span.set("network.protocol.version", "1.1");
  if (request.contentLengthBytes !== null) span.set("http.request.body.size", request.contentLengthBytes);
  span.set("ais.operation", operation);
  if (call.bucketName !== "") span.set("ais.bucket", bucketText(call));
  if (call.objectName !== "") span.set("ais.object", call.objectName);
  span.set("ais.smap.version", Number(call.snapshot.smap.version));
}

export function setReplyAttributes(span: Span, reply: HttpReply): void {
  span.set("http.response.status_code", reply.status);
  const sizeBytes = bodySizeBytes(reply);
  if (sizeBytes > 0) span.set("http.response.body.size", sizeBytes);
}

function bodySizeBytes({ body }: HttpReply): number {
  if (body === null) return 0;
  if (typeof body === "string") return Buffer.byteLength(body);
  return body instanceof Uint8Array ? body.byteLength : body.lengthBytes;
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

/** The bucket as people write it; the plain name when the request's provider or namespace makes no sense. */
function bucketText({ bucketName, query }: Call): string {
  try {
    return bucketCname(bckFromRequest(bucketName, query.get("provider"), query.get("namespace")));
  } catch {
    return bucketName;
  }
}
