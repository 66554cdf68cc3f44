/**
 * Requests for objects that came by an old cluster map: a proxy that has not heard of the newest one yet sent them here. They
 * go on to the owner, because a change made here would be missed there, and what is read here may be outdated. The map may
 * also change while a request waits for its body or the disk.
 */
import { AisError } from "@ais/base/errors.ts";
import type { Call, OperationHandler } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { withoutTraceQuery } from "@ais/tracing/redact.ts";
import { bckFromRequest, objectUname } from "@ais/wire/bck.ts";
import { QUERY } from "@ais/wire/queries.ts";
import type { Snode } from "@ais/wire/smap.ts";
import { locateObject } from "../locate.ts";
import type { TargetServices } from "../services.ts";

const FIRST_FAILURE = 300;
const NEVER = new AbortController().signal;

/** Waits for nothing when proxy and target have the same map, which is the rule. */
export function atOwner(handler: OperationHandler<TargetServices>): OperationHandler<TargetServices> {
  return (call, services) => {
    const version = call.query.get(QUERY.smapVersion);
    if (version === null || version === call.snapshot.smap.version) return settled(handler, call, services);
    return passOn(version, handler, call, services);
  };
}

async function passOn(
  version: string,
  handler: OperationHandler<TargetServices>,
  call: Call,
  services: TargetServices,
): Promise<HttpReply> {
  const { member, handOver, facts } = services;
  if (/^\d{1,18}$/.test(version) && BigInt(version) > BigInt(member.snapshot.smap.version))
    await member.refresh("smap", call.span);
  const current = { ...call, snapshot: member.snapshot };
  if (isBound(call)) return handler(current, services);
  const bucket = bckFromRequest(
    call.bucketName,
    call.query.get(QUERY.provider),
    call.query.get(QUERY.namespace),
  );
  const owner = handOver.ownerOf(objectUname(bucket, call.objectName));
  return owner === null || owner.daemon_id === facts.id
    ? settled(handler, current, services)
    : redirect(owner, current, services);
}

/** A change that ended under another cluster map than it began under may have been made after the object went to its new owner. */
function settled(
  handler: OperationHandler<TargetServices>,
  call: Call,
  services: TargetServices,
): HttpReply | Promise<HttpReply> {
  const reply = handler(call, services);
  if (!(reply instanceof Promise) || call.request.method === "GET" || call.request.method === "HEAD")
    return reply;
  return reply.then((done) => {
    const isSame = services.member.snapshot.smap === call.snapshot.smap;
    return isSame || done.status >= FIRST_FAILURE || isBound(call)
      ? done
      : atOwnerOfNow(done, call, services);
  });
}

/** What was stored is sent on. Other changes are asked for again, at the owner; repeating them does no harm. */
async function atOwnerOfNow(done: HttpReply, call: Call, services: TargetServices): Promise<HttpReply> {
  const { handOver, facts } = services;
  const { key } = await locateObject(call, services);
  const owner = handOver.ownerOf(key.uname);
  if (owner === null || owner.daemon_id === facts.id) return done;
  if (call.request.method !== "PUT")
    throw new AisError(
      "unavailable",
      `the owner of "${key.bucketName}/${key.objectName}" has changed meanwhile`,
    );
  await handOver.run(key, "", NEVER, call.span);
  return done;
}

/** Parts of an upload are where it was begun, whoever will own the object. */
function isBound({ query }: Call): boolean {
  return query.get(QUERY.uploadId) !== null || query.get(QUERY.appendHandle) !== null;
}

function redirect(owner: Snode, { request, span, snapshot }: Call, { tracing }: TargetServices): HttpReply {
  const { rawPath, rawQuery, method } = request;
  const query = withoutTraceQuery(rawQuery)
    .split("&")
    .map((item) =>
      item.startsWith(`${QUERY.smapVersion}=`) ? `${QUERY.smapVersion}=${snapshot.smap.version}` : item,
    )
    .join("&");
  const trace = tracing.redirectQuery(span, owner.daemon_id, rawPath);
  if (span.recording) span.set("ais.redirect.node", owner.daemon_id);
  const location = `${owner.public_net.direct_url}${rawPath}?${query}${trace === "" ? "" : `&${trace}`}`;
  return {
    status: method === "GET" ? 301 : 307,
    headers: [
      ["Location", location],
      ["Cache-Control", "no-store"],
    ],
    body: null,
  };
}
