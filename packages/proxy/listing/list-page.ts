/** One page of a listing: its parts are asked of every target at once. */
import { AisError } from "@ais/base/errors.ts";
import type { ClusterSnapshot } from "@ais/cluster/snapshot.ts";
import type { Call } from "@ais/node/call.ts";
import type { PeerResponse } from "@ais/node/peer-client.ts";
import { CONTENT_TYPES } from "@ais/wire/headers.ts";
import { encodeJson } from "@ais/wire/json.ts";
import {
  checkListPageReply,
  type ListPageReply,
  type ListPageRequest,
  parseListPageReply,
} from "@ais/wire/list-page.ts";
import { ENTRY_FLAGS, hasFlag, type LsoEntry, type LsoMsg, listedProps } from "@ais/wire/lso.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { isSettled, leavingTargets, outOfService, unsettledTargets } from "@ais/wire/rmd.ts";
import { activeTargets, type Snode } from "@ais/wire/smap.ts";
import { Unpackr } from "msgpackr";
import { broadcast, requireAll } from "../broadcast.ts";
import type { FoundBucket } from "../bucket-lookup.ts";
import type { ProxyServices } from "../services.ts";
import { gatherPage, type PagePortion } from "./gather-page.ts";
import { compareUtf8, type MergedPage } from "./merge.ts";

/** Longest wait for the slowest target's part of a page. */
export const LIST_PAGE_TIMEOUT_MS = 60_000;
const DELIMITER = "/";
/** Reads records, as targets send them, and maps alike. */
const unpackr = new Unpackr({ useRecords: true, mapsAsObjects: true });

export async function listPage(
  msg: LsoMsg,
  found: FoundBucket,
  call: Call,
  services: ProxyServices,
): Promise<MergedPage<LsoEntry>> {
  const waves = listingWaves(found.snapshot);
  const targets = waves.flat();
  if (targets.length === 0) {
    throw new AisError(
      "unavailable",
      `failed to list "${found.bucket.name}": the cluster has no active targets`,
    );
  }
  // A listing that starts after a name still starts there on its later pages.
  const after =
    compareUtf8(msg.continuationToken, msg.startAfter) > 0 ? msg.continuationToken : msg.startAfter;
  const request = {
    bucket: found.bucket,
    bid: found.props.bid,
    prefix: msg.prefix.replace(/^\/+/, ""),
    delimiter: hasFlag(msg, "noRecursion") ? DELIMITER : "",
    props: [...listedProps(msg)],
    timeFormat: msg.timeFormat,
    listingId: msg.uuid,
  };
  const ask = async (nodes: readonly Snode[], portion: PagePortion): Promise<readonly ListPageReply[]> => {
    const outcomes = await broadcast(
      "object.list",
      nodes,
      {
        method: "POST",
        path: PATHS.intraList,
        headers: { "content-type": CONTENT_TYPES.errorJson, accept: CONTENT_TYPES.msgpack },
        body: encodeJson({ ...request, ...portion } satisfies ListPageRequest),
        timeoutMs: LIST_PAGE_TIMEOUT_MS,
        signal: call.request.signal,
      },
      call,
      services,
    );
    return requireAll(outcomes, `list "${found.bucket.name}"`).map(({ response }) => decodePage(response));
  };
  const wanted = { after, limit: msg.pageSize };
  if (waves.length < 2) return gatherPage(targets, { ...wanted, isSpread: request.delimiter === "" }, ask);
  // Every target is asked once, for all of the page, so that no object is missed on its way.
  const askInTurn = async (nodes: readonly Snode[], portion: PagePortion) => {
    const replies: ListPageReply[] = [];
    for (const wave of waves) {
      replies.push(
        ...(await ask(
          wave.filter((node) => nodes.includes(node)),
          portion,
        )),
      );
    }
    return replies;
  };
  const page = await gatherPage(targets, { ...wanted, isSpread: false }, askInTurn);
  return { ...page, entries: page.entries.map(asPlaced) };
}

/**
 * The targets that may hold objects, in the order in which objects move from one to another: those that leave, those among
 * which placement is settled, those that came. One wave when everything is in its place.
 */
function listingWaves({ smap, rmd }: ClusterSnapshot): readonly (readonly Snode[])[] {
  const active = activeTargets(smap);
  if (isSettled({ smap, rmd })) return active.length === 0 ? [] : [active];
  const joined = unsettledTargets(smap, rmd);
  const leaving = leavingTargets(smap, rmd).filter(
    (node) => outOfService(rmd, node.daemon_id)?.final !== true,
  );
  const waves = [
    leaving,
    active.filter((node) => !joined.includes(node.daemon_id)),
    active.filter((node) => joined.includes(node.daemon_id)),
  ];
  return waves.filter((wave) => wave.length > 0);
}

/** Where an object is on its way to its place is no concern of clients, which pass over misplaced ones. */
function asPlaced(entry: LsoEntry): LsoEntry {
  return { ...entry, flags: (entry.flags ?? 0) & ~ENTRY_FLAGS.statusMask };
}

function decodePage(response: PeerResponse): ListPageReply {
  return response.headers["content-type"] === CONTENT_TYPES.msgpack
    ? checkListPageReply(unpackr.unpack(response.body))
    : parseListPageReply(new TextDecoder().decode(response.body));
}
