/** Attributes of the CLIENT span of a call to another node: HTTP's semantic conventions (stable), and who was called. */
import type { Span } from "@ais/tracing/types.ts";
import { type NetInfo, nodeName, type Snode } from "@ais/wire/smap.ts";

export interface PeerSpanFacts {
  /** The network of the peer by which it is called. */
  readonly net: NetInfo;
  readonly method: string;
  readonly url: string;
  /** Null without a body. */
  readonly bodyBytes: number | null;
}

export function setPeerAttributes(
  client: Span,
  peer: Snode,
  { net, method, url, bodyBytes }: PeerSpanFacts,
): void {
  client.set("http.request.method", method);
  client.set("server.address", net.node_ip_addr);
  client.set("server.port", Number(net.daemon_port));
  client.set("url.full", url);
  client.set("ais.peer", nodeName(peer));
  if (bodyBytes !== null) client.set("http.request.body.size", bodyBytes);
}
