import { INTRA_CLUSTER_USER_AGENT } from "@ais/wire/headers.ts";
import { nodeName, type Snode } from "@ais/wire/smap.ts";
import type { PeerCaller } from "./peer-client.ts";

export interface PeerLinesRequest {
  readonly path: string;
  readonly query: string;
  /** Ends the stream. */
  readonly signal: AbortSignal;
}

/** The reply of a peer as it comes, for a stream without an end. Not traced. Throws when the peer refuses. */
export async function peerLines(
  peer: Snode,
  { path, query, signal }: PeerLinesRequest,
  { intraAuth }: Pick<PeerCaller, "intraAuth">,
): Promise<ReadableStream<Uint8Array>> {
  const url = `${peer.intra_control_net.direct_url}${path}${query === "" ? "" : `?${query}`}`;
  const headers = {
    "User-Agent": INTRA_CLUSTER_USER_AGENT,
    ...intraAuth.headers("GET", url, peer.daemon_id),
  };
  const response = await fetch(url, { headers, signal, redirect: "manual" });
  if (response.status !== 200 || response.body === null)
    throw new Error(`${nodeName(peer)} answered ${response.status}`);
  return response.body;
}
