/** Whether a node runs that stays in the cluster map whether it runs or not: one that is out of service for good. */
import { callPeer, type PeerCaller, type PeerResponse } from "@ais/node/peer-client.ts";
import type { Span } from "@ais/tracing/types.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { QUERY, WHAT } from "@ais/wire/queries.ts";
import { parseSnode, type Snode } from "@ais/wire/smap.ts";

/** As long as any other node may be silent before it leaves the cluster map, unless `--lease-ttl` says otherwise. */
export const ALIVE_MAX_MS = 4000;
const SILENCE_MS = 30_000;

/**
 * Any answer will do, such as that it is starting, unless another node gives it from an address that is no longer this one's.
 * What refuses connections or says nothing for `ALIVE_MAX_MS` does not run.
 */
export async function isAlive(node: Snode, span: Span, caller: PeerCaller): Promise<boolean> {
  const request = {
    method: "GET",
    path: PATHS.daemon,
    query: `${QUERY.what}=${WHAT.snode}`,
    timeoutMs: ALIVE_MAX_MS,
  };
  let reply: PeerResponse;
  try {
    reply = await callPeer(node, request, span, caller);
  } catch {
    return false;
  }
  return reply.status !== 200 || idOf(reply) === node.daemon_id;
}

/** For whoever asks the same of many objects in a row: a node whose host is gone costs each of them `ALIVE_MAX_MS` otherwise. */
export class SilentNodes {
  readonly #asked = new Map<string, Promise<boolean>>();

  /** `isAlive`, but that a node does not run is believed for `SILENCE_MS`. */
  isAlive(node: Snode, span: Span, caller: PeerCaller): Promise<boolean> {
    const { daemon_id: id } = node;
    const known = this.#asked.get(id);
    if (known !== undefined) return known;
    const asking = isAlive(node, span, caller);
    this.#asked.set(id, asking);
    void asking.then((alive) => {
      if (alive) this.#asked.delete(id);
      else setTimeout(() => this.#asked.delete(id), SILENCE_MS).unref();
    });
    return asking;
  }
}

/** Null when whoever answers is no node at all. */
function idOf({ body }: PeerResponse): string | null {
  try {
    return parseSnode(new TextDecoder().decode(body)).daemon_id;
  } catch {
    return null;
  }
}
