/** One call to many nodes at once, under one span (tracing.md 4). */
import { AisError, ERROR_CODES, errorText } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import { callPeer, type PeerRequest, type PeerResponse } from "@ais/node/peer-client.ts";
import { parseErrorBody } from "@ais/wire/error-body.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import type { Operation } from "@ais/wire/operations.ts";
import { nodeName, type Snode } from "@ais/wire/smap.ts";
import type { ProxyServices } from "./services.ts";

export interface PeerOutcome {
  readonly node: Snode;
  /** Null when there was no whole reply; `failure` says why then. */
  readonly response: PeerResponse | null;
  /** Null for a 2xx reply. */
  readonly failure: string | null;
  readonly durationMs: number;
}

/** Calls every node in parallel and waits for all. Never rejects: what to make of a failure is the caller's to say. */
export async function broadcast(
  operation: Operation,
  nodes: readonly Snode[],
  request: PeerRequest,
  call: Pick<Call, "span">,
  services: ProxyServices,
): Promise<readonly PeerOutcome[]> {
  const { clock, facts } = services;
  const headers = { ...request.headers, [HEADERS.callerId]: facts.id };
  const span = call.span.child(`ais.broadcast ${operation}`);
  // The child of a span that is not recorded is empty, and the nodes must still learn of the caller's context.
  const parent = span.recording ? span : call.span;
  const outcomes = await Promise.all(
    nodes.map(async (node): Promise<PeerOutcome> => {
      const startMs = clock.monotonicMs();
      const done = (response: PeerResponse | null, failure: string | null): PeerOutcome => {
        return { node, response, failure, durationMs: clock.monotonicMs() - startMs };
      };
      try {
        const response = await callPeer(node, { ...request, headers }, parent, services);
        return done(response, response.status < 300 ? null : failureText(response));
      } catch (error) {
        return done(null, errorText(error));
      }
    }),
  );
  if (span.recording) {
    const failures = outcomes.filter((outcome) => outcome.failure !== null).length;
    const slowest = outcomes.reduce<PeerOutcome | null>(
      (worst, outcome) => (worst === null || outcome.durationMs > worst.durationMs ? outcome : worst),
      null,
    );
    span.set("ais.broadcast.nodes", nodes.length);
    span.set("ais.broadcast.failures", failures);
    if (slowest !== null) span.set("ais.broadcast.slowest_node", slowest.node.daemon_id);
    if (failures > 0) span.fail("broadcast_failure", `${failures} of ${nodes.length} nodes failed`);
  }
  span.end();
  return outcomes;
}

/** The replies of all nodes, or the failure of the first node that failed: a partial answer would look whole. */
export function requireAll(
  outcomes: readonly PeerOutcome[],
  what: string,
): readonly { readonly node: Snode; readonly response: PeerResponse }[] {
  return outcomes.map(({ node, response, failure }) => {
    if (response !== null && failure === null) return { node, response };
    // A bucket destroyed while its targets were being asked is the caller's to know, not a failure of the cluster.
    const code = response?.status === ERROR_CODES.bucketNotFound.status ? "bucketNotFound" : "unavailable";
    if (code === "bucketNotFound") throw new AisError(code, `${failure}`);
    // Without a reply the failure names the node itself.
    const who = response === null ? "" : `${nodeName(node)}: `;
    throw new AisError(code, `failed to ${what}: ${who}${failure}`);
  });
}

function failureText(response: PeerResponse): string {
  const text = new TextDecoder().decode(response.body);
  return parseErrorBody(text)?.message ?? `status ${response.status}`;
}
