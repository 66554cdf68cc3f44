/** Calls that only the primary may answer go to it by way of any proxy (wire-compat 1.1). */
import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { callPeer } from "@ais/node/peer-client.ts";
import { withoutTraceQuery } from "@ais/tracing/redact.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import type { ProxyServices } from "../services.ts";

/** A node that is told to leave may take its time. */
const FORWARD_TIMEOUT_MS = 60_000;

/** Null at the primary: the call is its own to answer. Throws `unavailable` without a primary. */
export async function forwardToPrimary(
  call: Call,
  body: Uint8Array,
  services: ProxyServices,
): Promise<HttpReply | null> {
  const { member, facts } = services;
  if (member.isPrimary) return null;
  const { request, span } = call;
  const { proxy_si: primary } = (await member.refresh("smap", span)).smap;
  // One that was forwarded already came by an old cluster map; it is not sent in circles.
  const isForwarded = (request.header(HEADERS.callerId.toLowerCase()) ?? "") !== "";
  if (primary === null || primary.daemon_id === facts.id || isForwarded)
    throw new AisError("unavailable", "the cluster has no primary proxy at this moment, please try again");
  const response = await callPeer(
    primary,
    {
      method: request.method,
      path: request.rawPath,
      query: withoutTraceQuery(request.rawQuery),
      headers: { [HEADERS.callerId]: facts.id },
      ...(body.byteLength === 0 ? {} : { body }),
      timeoutMs: FORWARD_TIMEOUT_MS,
    },
    span,
    services,
  );
  const type = response.headers["content-type"];
  return {
    status: response.status,
    headers: type === undefined ? [] : [[HEADERS.contentType, type]],
    body: response.body.byteLength === 0 ? null : response.body,
  };
}
