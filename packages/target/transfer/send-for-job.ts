/**
 * Hands an object to another target, for a job most of the time. Without a trace context, and a span only where a request
 * waits for it: a job of a million objects has no million spans.
 */
import { AisError, errorText } from "@ais/base/errors.ts";
import type { IntraAuth } from "@ais/node/intra-auth.ts";
import { peerFailure } from "@ais/node/peer-failure.ts";
import { setPeerAttributes } from "@ais/node/peer-span.ts";
import type { ObjectReader } from "@ais/storage/types.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { SPAN_KIND, type Span } from "@ais/tracing/types.ts";
import { CONTENT_TYPES, HEADERS, INTRA_CLUSTER_USER_AGENT } from "@ais/wire/headers.ts";
import {
  encodeTransfer,
  type ObjectTransfer,
  parseTransferResult,
  TRANSFER_HEADER,
  type TransferResult,
} from "@ais/wire/object-transfer.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { nodeName, type Snode } from "@ais/wire/smap.ts";

/** A transfer may take this long, and the time that its bytes need at the lowest speed. */
const TRANSFER_MAX_MS = 60_000;
const BYTES_PER_MS_MIN = 1024;
const FIRST_ERROR = 400;

export interface JobObject {
  readonly peer: Snode;
  readonly transfer: ObjectTransfer;
  /** Of the whole object; stays the caller's to release. */
  readonly reader: Pick<ObjectReader, "content" | "lengthBytes">;
  readonly signal: AbortSignal;
  readonly intraAuth: IntraAuth;
  /** Of the request that waits for it. */
  readonly span?: Span;
}

/**
 * Resolves when the object is whole at the peer and as durable as its bucket wants. Errors: `unavailable` when the peer
 * cannot be reached or breaks off, otherwise what the peer answered.
 */
export async function sendForJob({
  peer,
  transfer,
  reader,
  signal,
  intraAuth,
  span = NOOP_SPAN,
}: JobObject): Promise<TransferResult> {
  const timeoutMs = TRANSFER_MAX_MS + Math.ceil(reader.lengthBytes / BYTES_PER_MS_MIN);
  const url = `${peer.intra_data_net.direct_url}${PATHS.intraJobObject}`;
  const client = span.child("PUT", SPAN_KIND.client);
  if (client.recording)
    setPeerAttributes(client, peer, {
      net: peer.intra_data_net,
      method: "PUT",
      url,
      bodyBytes: reader.lengthBytes,
    });
  try {
    const response = await fetch(url, {
      method: "PUT",
      headers: {
        [TRANSFER_HEADER]: encodeTransfer(transfer),
        [HEADERS.contentType]: CONTENT_TYPES.binary,
        [HEADERS.userAgent]: INTRA_CLUSTER_USER_AGENT,
        ...intraAuth.headers("PUT", url, peer.daemon_id),
      },
      body: bodyOf(reader),
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    client.set("http.response.status_code", response.status);
    if (response.status >= FIRST_ERROR) client.fail(String(response.status));
    const text = await response.text();
    if (response.status === 200) return parseTransferResult(text);
    const failure = peerFailure(response.status, text);
    throw new AisError(failure.code, `${nodeName(peer)}: ${failure.message}`);
  } catch (error) {
    if (error instanceof AisError) throw error;
    const message = `failed to send an object to ${nodeName(peer)}: ${errorText(error)}`;
    client.fail(error instanceof Error ? error.name : "unknown", message);
    throw new AisError("unavailable", message, { cause: error });
  } finally {
    client.end();
  }
}

/** The object's trailer is cut off by the slice. */
function bodyOf({ content, lengthBytes }: JobObject["reader"]): Blob | Uint8Array<ArrayBuffer> {
  if (content.kind === "bytes") return content.bytes as Uint8Array<ArrayBuffer>;
  return Bun.file(content.path).slice(content.fileOffsetBytes, content.fileOffsetBytes + lengthBytes);
}
