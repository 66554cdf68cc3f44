/** Calls from one node to another: one CLIENT span each, continuing the trace of the request being served. */
import { AisError } from "@ais/base/errors.ts";
import { fetchFailureText } from "@ais/base/fetch-failure.ts";
import { redactQuery } from "@ais/tracing/redact.ts";
import { SPAN_KIND, type Span } from "@ais/tracing/types.ts";
import { INTRA_CLUSTER_USER_AGENT } from "@ais/wire/headers.ts";
import { nodeName, type Snode } from "@ais/wire/smap.ts";
import type { NodeServices } from "./call.ts";
import { setPeerAttributes } from "./peer-span.ts";

/** Who calls: `NodeServices` will do. */
export type PeerCaller = Pick<NodeServices, "tracing" | "intraAuth">;

export interface PeerRequest {
  readonly method: string;
  /** Percent-encoded. */
  readonly path: string;
  /** Raw, without `?`. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly timeoutMs: number;
  /** Largest reply body taken; the default is `PEER_REPLY_LIMIT_BYTES`. */
  readonly replyLimitBytes?: number;
  /** Gives the call up early. */
  readonly signal?: AbortSignal;
}

export interface PeerResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export const PEER_REPLY_LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * Resolves with whatever status the peer answered once the body is whole. Throws `unavailable` when the peer cannot be
 * reached, does not answer in time or its reply breaks off.
 */
export async function callPeer(
  peer: Snode,
  request: PeerRequest,
  span: Span,
  { tracing, intraAuth }: PeerCaller,
): Promise<PeerResponse> {
  const { method, path, query = "" } = request;
  const url = `${peer.intra_control_net.direct_url}${path}${query === "" ? "" : `?${query}`}`;
  const client = span.child(method, SPAN_KIND.client);
  if (client.recording) setCallAttributes(client, peer, request);
  // Below a span that is not recorded `child` is empty, yet the peer must learn of the caller's context.
  const context = client.recording ? client : span;
  try {
    const response = await fetch(url, {
      method,
      headers: {
        ...request.headers,
        "User-Agent": INTRA_CLUSTER_USER_AGENT,
        ...tracing.outboundHeaders(context, peer.daemon_id, path),
        ...intraAuth.headers(method, url, peer.daemon_id),
      },
      ...(request.body === undefined ? {} : { body: request.body as string | Uint8Array<ArrayBuffer> }),
      redirect: "manual",
      signal: deadline(request),
    });
    client.set("http.response.status_code", response.status);
    if (response.status >= 400) client.fail(String(response.status));
    const body = await readReply(response, request.replyLimitBytes ?? PEER_REPLY_LIMIT_BYTES);
    return { status: response.status, headers: Object.fromEntries(response.headers), body };
  } catch (error) {
    const failure = toUnavailable(error, peer, request);
    client.fail(error instanceof Error ? error.name : "unknown", failure.message);
    throw failure;
  } finally {
    client.end();
  }
}

function setCallAttributes(client: Span, peer: Snode, { method, path, query = "", body }: PeerRequest): void {
  const net = peer.intra_control_net;
  const shownQuery = redactQuery(query);
  const url = `${net.direct_url}${path}${shownQuery === "" ? "" : `?${shownQuery}`}`;
  setPeerAttributes(client, peer, {
    net,
    method,
    url,
    bodyBytes: body === undefined ? null : Buffer.byteLength(body),
  });
}

function deadline({ timeoutMs, signal }: PeerRequest): AbortSignal {
  const timeout = AbortSignal.timeout(timeoutMs);
  return signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
}

async function readReply(response: Response, limitBytes: number): Promise<Uint8Array> {
  const announced = Number(response.headers.get("content-length") ?? 0);
  if (announced > limitBytes)
    throw new Error(`reply of ${announced} bytes is larger than ${limitBytes} bytes`);
  if (response.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) throw new Error(`reply is larger than ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, sizeBytes);
}

function toUnavailable(error: unknown, peer: Snode, { method, path, timeoutMs }: PeerRequest): AisError {
  const timedOut = error instanceof Error && error.name === "TimeoutError";
  const why = timedOut ? `no reply within ${timeoutMs} ms` : fetchFailureText(error);
  return new AisError("unavailable", `failed to call ${nodeName(peer)}: ${method} ${path}: ${why}`, {
    cause: error,
  });
}
