/** A PUT from one node to another whose body is an object: it goes out of its file, and is never held in memory. */
import { AisError, errorText, isAisError } from "@ais/base/errors.ts";
import { SPAN_KIND, type Span } from "@ais/tracing/types.ts";
import { INTRA_CLUSTER_USER_AGENT } from "@ais/wire/headers.ts";
import { nodeName, type Snode } from "@ais/wire/smap.ts";
import type { PeerCaller } from "./peer-client.ts";
import { peerFailure } from "./peer-failure.ts";
import { setPeerAttributes } from "./peer-span.ts";

export interface PeerUpload {
  /** Percent-encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body:
    | Uint8Array
    | { readonly path: string; readonly fileOffsetBytes: number; readonly lengthBytes: number };
}

/** What the slowest network that is worth waiting for carries, and what a reply may take besides. */
const SLOWEST_BYTES_PER_MS = 1024;
const REPLY_TIMEOUT_MS = 60_000;

/** Resolves when the peer has it. Throws what the peer refused it with, `unavailable` when it did not answer. */
export async function uploadToPeer(
  peer: Snode,
  upload: PeerUpload,
  span: Span,
  { tracing, intraAuth }: PeerCaller,
): Promise<void> {
  const { path, headers, body } = upload;
  const url = `${peer.intra_data_net.direct_url}${path}`;
  const lengthBytes = body instanceof Uint8Array ? body.byteLength : body.lengthBytes;
  const client = span.child("PUT", SPAN_KIND.client);
  if (client.recording)
    setPeerAttributes(client, peer, {
      net: peer.intra_data_net,
      method: "PUT",
      url,
      bodyBytes: lengthBytes,
    });
  // Below a span that is not recorded `child` is empty, yet the peer must learn of the caller's context.
  const context = client.recording ? client : span;
  try {
    const response = await fetch(url, {
      method: "PUT",
      headers: {
        ...headers,
        "User-Agent": INTRA_CLUSTER_USER_AGENT,
        ...tracing.outboundHeaders(context, peer.daemon_id, path),
        ...intraAuth.headers("PUT", url, peer.daemon_id),
      },
      body: requestBody(body),
      redirect: "manual",
      signal: AbortSignal.timeout(REPLY_TIMEOUT_MS + Math.ceil(lengthBytes / SLOWEST_BYTES_PER_MS)),
    });
    client.set("http.response.status_code", response.status);
    const text = await response.text();
    if (response.status !== 200) throw peerFailure(response.status, text);
  } catch (error) {
    const failure = isAisError(error) ? error : unavailable(peer, error);
    client.fail(isAisError(error) ? String(error.status) : "unavailable", failure.message);
    throw failure;
  } finally {
    client.end();
  }
}

function requestBody(body: PeerUpload["body"]): Blob | Uint8Array<ArrayBuffer> {
  if (body instanceof Uint8Array) return body as Uint8Array<ArrayBuffer>;
  const { path, fileOffsetBytes, lengthBytes } = body;
  return Bun.file(path).slice(fileOffsetBytes, fileOffsetBytes + lengthBytes);
}

function unavailable(peer: Snode, error: unknown): AisError {
  return new AisError("unavailable", `failed to send to ${nodeName(peer)}: ${errorText(error)}`, {
    cause: error,
  });
}
