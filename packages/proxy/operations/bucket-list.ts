import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { jsonReply } from "@ais/node/replies.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import {
  isGlobalNamespace,
  type Namespace,
  namespaceUname,
  parseNamespace,
  parseProvider,
} from "@ais/wire/bck.ts";
import { type BucketFilter, listBuckets } from "@ais/wire/bmd.ts";
import { unknownAction } from "@ais/wire/error-texts.ts";
import { PRESENCE, QUERY } from "@ais/wire/queries.ts";
import { readActMsg, refuseAction } from "../act-msg-body.ts";
import { allBuckets, summaryReply } from "../jobs/summaries.ts";
import type { ProxyServices } from "../services.ts";

const UNSUPPORTED_ACTIONS = [ACTIONS.summaryShard, ACTIONS.showInventory];

/**
 * A sorted array of buckets, `[]` when there are none (wire-compat 4.2). The name in the message is an exact filter:
 * a load generator takes an empty answer as "create it". Buckets outside the cluster are not looked for: there are no
 * remote backends, and no attached clusters.
 */
export async function bucketList(call: Call, services: ProxyServices): Promise<HttpReply> {
  const message = await readActMsg(call);
  if (message.action === ACTIONS.summaryBucket) return summaryOfAll(message.value, call, services);
  if (message.action !== "" && message.action !== ACTIONS.list) {
    throw refuseAction(message.action, UNSUPPORTED_ACTIONS);
  }
  if (message.action === "" && message.value !== null) throw unknownAction("");
  if (message.value !== null) {
    throw new AisError("badRequest", "bad list-objects request: no bucket name in the path");
  }
  return bucketsReply(message.name, call, services);
}

/**
 * Those that the query selects. A name selects one bucket: then a query without provider or namespace is of `ais` and of the
 * global namespace, as it is for every other call.
 */
export async function bucketsReply(name: string, call: Call, services: ProxyServices): Promise<HttpReply> {
  const presence = parsePresence(call.query.get(QUERY.presence));
  const namespace = parseNamespace(call.query.get(QUERY.namespace) ?? "");
  if (namespace.uuid !== "" && namespace.uuid !== "@") {
    throw new AisError("notFound", `remote cluster "${namespace.uuid}" is not attached`);
  }
  if (presence === PRESENCE.existsOutside || namespace.uuid === "@") return jsonReply([]);
  const provider = call.query.get(QUERY.provider);
  const filter: BucketFilter = {
    ...(provider === null || provider === "" ? {} : { provider: parseProvider(provider) }),
    ...(isGlobalNamespace(namespace) ? {} : { namespaceUname: namespaceUname(namespace) }),
    ...(name === "" ? {} : oneBucket(name, provider, namespace)),
  };
  let entries = listBuckets(call.snapshot.bmd, filter);
  if (entries.length === 0 && name !== "") {
    // The one bucket asked for may be newer than this node's snapshot.
    const snapshot = await services.member.refresh("bmd", call.span);
    entries = listBuckets(snapshot.bmd, filter);
  }
  return jsonReply(entries.map((entry) => entry.bucket));
}

function oneBucket(name: string, provider: string | null, namespace: Namespace): BucketFilter {
  return { name, provider: parseProvider(provider ?? ""), namespaceUname: namespaceUname(namespace) };
}

/** Of every bucket that the query names. */
function summaryOfAll(value: unknown, call: Call, services: ProxyServices): Promise<HttpReply> {
  const provider = call.query.get(QUERY.provider) ?? "";
  const namespace = parseNamespace(call.query.get(QUERY.namespace) ?? "");
  const filter: BucketFilter = {
    ...(provider === "" ? {} : { provider: parseProvider(provider) }),
    ...(isGlobalNamespace(namespace) ? {} : { namespaceUname: namespaceUname(namespace) }),
  };
  return summaryReply(value, async () => allBuckets(filter, services), call, services);
}

function parsePresence(text: string | null): number {
  if (text === null || text === "") return PRESENCE.exists;
  const presence = /^[0-5]$/.test(text) ? Number(text) : -1;
  if (presence < 0) throw new AisError("badRequest", `invalid presence "${text}", want 0 to 5`);
  return presence;
}
