/** Object calls end at a proxy with a redirect to the object's target (wire-compat 3.1). The hot path of a proxy. */
import { AisError } from "@ais/base/errors.ts";
import type { ClusterSnapshot } from "@ais/cluster/snapshot.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { withoutTraceQuery } from "@ais/tracing/redact.ts";
import { type Permission, requireAccess } from "@ais/wire/access.ts";
import { objectCname } from "@ais/wire/bck.ts";
import { nodeNotFound } from "@ais/wire/error-texts.ts";
import { OPERATIONS } from "@ais/wire/operations.ts";
import { objectPath } from "@ais/wire/paths.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { placementNodes, type Snode } from "@ais/wire/smap.ts";
import { type FoundBucket, findCallBucket, refreshCallBucket } from "../bucket-lookup.ts";
import { refuseRenaming } from "../jobs/job-buckets.ts";
import type { ProxyServices } from "../services.ts";

/** GET answers 301, everything else 307: clients and their tests expect exactly that. */
export type RedirectStatus = 301 | 307;

/** Never waits for the request's body, and waits for nothing at all when the snapshot has the bucket. */
export function redirectToTarget(
  call: Call,
  services: ProxyServices,
  status: RedirectStatus,
  /** Id of the target that it must be; the one that placement chooses when absent. */
  targetId: string | null = null,
): HttpReply | Promise<HttpReply> {
  const found = findCallBucket(call);
  if (found !== null) return redirect(call, services, status, found, targetId);
  return refreshCallBucket(call, services).then((refreshed) =>
    redirect(call, services, status, refreshed, targetId),
  );
}

function redirect(
  call: Call,
  services: ProxyServices,
  status: RedirectStatus,
  found: FoundBucket,
  targetId: string | null,
): HttpReply {
  const permission = permissionOf(call);
  if (permission !== null) requireAccess(found.bucket, found.props, permission);
  const { method } = call.request;
  // Targets refuse these too; here the client is told before it sends its body.
  if (found.props.Renamed !== "" && method !== "GET" && method !== "HEAD")
    refuseRenaming(found.bucket, found.props);
  const nodes = placementNodes(found.snapshot.smap);
  const chosen =
    targetId === null
      ? services.hrw.chooseTarget(nodes, found.unamePrefix + call.objectName)
      : (nodes.find(({ id }) => id === targetId) ?? null);
  if (chosen === null && targetId !== null) throw nodeNotFound(targetId);
  if (chosen === null) {
    const cname = objectCname(found.bucket, call.objectName);
    throw new AisError("unavailable", `no target for "${cname}": the cluster has no active targets`);
  }
  const { span } = call;
  if (span.recording) {
    span.event("ais.hrw", { "ais.hrw.node": chosen.id, "ais.hrw.candidates": nodes.length });
    span.set("ais.redirect.node", chosen.id);
  }
  const location = redirectLocation(call, services, chosen.snode, found.snapshot);
  const headers: [string, string][] = [
    ["Location", location],
    // A cached redirect would replay an old placement and an old trace context.
    ["Cache-Control", "no-store"],
  ];
  if (status !== 301) return { status, headers, body: null };
  headers.push(["Content-Type", "text/html; charset=utf-8"]);
  return { status, headers, body: `<a href="${escapeHtml(location)}">Moved Permanently</a>.\n\n` };
}

/** Null where the body says it, which is the target's to read. */
function permissionOf({ operation, query }: Call): Permission | null {
  const { access } = OPERATIONS[operation];
  if (access === "by action" || access === "nodes" || access === "none") return null;
  const isAppend = operation === "object.put" && (query.get(QUERY.appendType) ?? "") !== "";
  return isAppend ? "APPEND" : access;
}

/**
 * `<target><path, encoded anew>?<the client's query as it came>` plus who redirected and when, the versions of BMD and
 * Smap by which it was decided, and the trace context. Trace items of the client's own query are dropped: the header or query context
 * was taken in already, and the span that goes out is its child.
 */
function redirectLocation(
  call: Call,
  services: ProxyServices,
  target: Snode,
  { bmd, smap }: ClusterSnapshot,
): string {
  const clientQuery = asciiOnly(withoutTraceQuery(call.request.rawQuery));
  const path = objectPath(call.bucketName, call.objectName);
  const trace = services.tracing.redirectQuery(call.span, target.daemon_id, path);
  const stamp = `${QUERY.proxyId}=${services.facts.id}&${QUERY.unixTime}=${services.clock.nowNs().toString(36)}&${QUERY.bmdVersion}=${bmd.version}&${QUERY.smapVersion}=${smap.version}`;
  return (
    target.public_net.direct_url +
    path +
    (clientQuery === "" ? "?" : `?${clientQuery}&`) +
    stamp +
    (trace === "" ? "" : `&${trace}`)
  );
}

/** Bytes beyond ASCII that a client put into its query unescaped may not stand in a header. */
function asciiOnly(rawQuery: string): string {
  return /^[\x21-\x7e]*$/.test(rawQuery) ? rawQuery : encodeURI(rawQuery).replaceAll("%25", "%");
}

const HTML_ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  // The rule: a location has ampersands, and nothing else to escape.
  if (!/[<>"']/.test(text)) return text.replaceAll("&", "&amp;");
  return text.replace(/[&<>"']/g, (character) => HTML_ESCAPES[character] ?? character);
}
