/** `cluster.set-primary` (wire-compat 1.3): `PUT /v1/cluster/proxy/{id}` names the proxy that is to be the primary. */
import { AisError } from "@ais/base/errors.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply } from "@ais/node/replies.ts";
import { nodeNotFound, urlTooShort } from "@ais/wire/error-texts.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { outOfService } from "@ais/wire/rmd.ts";
import { findNode, isActive, nodeName, SNODE_FLAGS } from "@ais/wire/smap.ts";
import { forwardToPrimary } from "../membership/forward.ts";
import type { ProxyServices } from "../services.ts";
import { syncDocument } from "../sync-document.ts";

const AGREE_MAX_MS = 8000;
const POLL_MS = 20;

/** 200 when the named proxy is the primary and every node knows it; nothing to do when it is already. */
export async function clusterSetPrimary(call: Call, services: ProxyServices): Promise<HttpReply> {
  const [id = "", ...more] = call.rest;
  if (id === "") throw urlTooShort(call.request.rawPath);
  if (more.length > 0) throw new AisError("badRequest", `invalid request URI "${call.request.rawPath}"`);
  const forwarded = await forwardToPrimary(call, new Uint8Array(0), services);
  if (forwarded !== null) return forwarded;
  const { facts, member, logger, membership } = services;
  if (id === facts.id) return emptyReply();
  await membership.run("set-primary", async () => {
    refuseOtherCluster(id, call);
    requireElectable(id, await member.refresh("smap", call.span));
    await member.handOverPrimary(id);
    logger.log("info", "handed the primary's role over", { to: `p[${id}]` }, call.span);
    await agree(id, call, services);
  });
  return emptyReply();
}

/** By force AIStore takes the primary of another cluster, and joins the two. */
function refuseOtherCluster(id: string, { query, snapshot }: Call): void {
  if (query.flag(QUERY.force) && findNode(snapshot.smap, id) === null)
    throw new AisError(
      "unsupported",
      `"${id}" is no proxy of this cluster: joining another one is not supported`,
    );
}

function requireElectable(id: string, { smap, rmd }: Call["snapshot"]): void {
  const node = findNode(smap, id);
  if (node === null) throw nodeNotFound(id);
  const name = nodeName(node);
  if (node.daemon_type !== "proxy")
    throw new AisError("badRequest", `${name} is not a proxy and cannot become the primary`);
  if (!isActive(node)) {
    const what =
      outOfService(rmd, id)?.action === "decommission-node" ? "being decommissioned" : "under maintenance";
    throw new AisError("badRequest", `${name} cannot become new primary as it is currently ${what}`);
  }
  if ((node.flags & SNODE_FLAGS.nonElectable) !== 0)
    throw new AisError("badRequest", `${name} is non-electable and cannot become new primary`);
}

/** The new primary writes the cluster map as its first duty. */
async function agree(id: string, call: Call, services: ProxyServices): Promise<void> {
  const { member, clock } = services;
  const deadlineMs = clock.monotonicMs() + AGREE_MAX_MS;
  while (member.snapshot.smap.proxy_si?.daemon_id !== id) {
    if (clock.monotonicMs() > deadlineMs)
      throw new AisError("unavailable", `p[${id}] is the primary, but the cluster map does not say so yet`);
    await sleep(POLL_MS);
    await member.refresh("smap", call.span);
  }
  await syncDocument("smap", member.snapshot, call, services);
}
