/** One page of a listing: its parts are asked of every target at once. */
import { AisError } from "@ais/base/errors.ts";
import { sleep } from "@ais/base/lifecycle.ts";
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
import { isSettled } from "@ais/wire/rmd.ts";
import type { Snode } from "@ais/wire/smap.ts";
import { Unpackr } from "msgpackr";
import { broadcast, requireAll } from "../broadcast.ts";
import type { FoundBucket } from "../bucket-lookup.ts";
import type { ProxyServices } from "../services.ts";
import { gatherPage, type PagePortion, type PageWanted } from "./gather-page.ts";
import { compareUtf8, type MergedPage } from "./merge.ts";
import { askInTurn, listingTurns } from "./turns.ts";

/** Longest wait for the slowest target's part of a page. */
export const LIST_PAGE_TIMEOUT_MS = 60_000;
const DELIMITER = "/";
/** Reads records, as targets send them, and maps alike. */
const unpackr = new Unpackr({ useRecords: true, mapsAsObjects: true });

/** Tries by one cluster map after another, and the longest wait before the next one: it doubles. */
const ATTEMPTS_MAX = 6;
const RETRY_MS = 50;

interface Listing {
  readonly request: Omit<ListPageRequest, "after" | "limit" | "listingId">;
  readonly listingId: string;
  readonly wanted: Pick<PageWanted, "after" | "limit">;
  /** Tells what failed. */
  readonly bucketName: string;
}

/**
 * The whole page by one cluster map: whoever asks by one map what moves by another may ask for an object where it is not yet,
 * and then where it is no more.
 */
export async function listPage(
  msg: LsoMsg,
  { bucket, props, snapshot: first }: FoundBucket,
  call: Call,
  services: ProxyServices,
): Promise<MergedPage<LsoEntry>> {
  // A listing that starts after a name still starts there on its later pages.
  const after =
    compareUtf8(msg.continuationToken, msg.startAfter) > 0 ? msg.continuationToken : msg.startAfter;
  const listing: Listing = {
    request: {
      bucket,
      bid: props.bid,
      prefix: msg.prefix.replace(/^\/+/, ""),
      delimiter: hasFlag(msg, "noRecursion") ? DELIMITER : "",
      props: [...listedProps(msg)],
      timeFormat: msg.timeFormat,
    },
    listingId: msg.uuid,
    wanted: { after, limit: msg.pageSize },
    bucketName: bucket.name,
  };
  let snapshot = first;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (attempt > 0) {
      // Others may not have the map yet that is here.
      await sleep(RETRY_MS * 2 ** (attempt - 1), call.request.signal);
      await services.member.refresh("rmd", call.span);
      snapshot = await services.member.refresh("smap", call.span);
    }
    const page = await pageBy(snapshot, listing, attempt, call, services);
    if (page !== null) return page;
  }
  throw new AisError("unavailable", `failed to list "${bucket.name}": the cluster map keeps changing`);
}

/** Null when not all of it is of this cluster map. */
async function pageBy(
  { smap, rmd }: ClusterSnapshot,
  { request, listingId, wanted, bucketName }: Listing,
  attempt: number,
  call: Call,
  services: ProxyServices,
): Promise<MergedPage<LsoEntry> | null> {
  const asked = listingTurns({ smap, rmd });
  if (asked.length === 0) {
    throw new AisError("unavailable", `failed to list "${bucketName}": the cluster has no active targets`);
  }
  let isOfOneMap = true;
  const ask = async (nodes: readonly Snode[], turn: number, portion: PagePortion) => {
    // What is asked for twice counts once.
    const counted = attempt === 0 && turn < 2 ? { listingId } : {};
    const outcomes = await broadcast(
      "object.list",
      nodes,
      {
        method: "POST",
        path: PATHS.intraList,
        headers: { "content-type": CONTENT_TYPES.errorJson, accept: CONTENT_TYPES.msgpack },
        body: encodeJson({ ...request, ...counted, ...portion } satisfies ListPageRequest),
        timeoutMs: LIST_PAGE_TIMEOUT_MS,
        signal: call.request.signal,
      },
      call,
      services,
    );
    const replies = requireAll(outcomes, `list "${bucketName}"`).map(({ response }) => decodePage(response));
    isOfOneMap &&= replies.every(({ smapVersion }) => smapVersion === smap.version);
    return replies;
  };
  const isInPlace = isSettled({ smap, rmd });
  // Otherwise each is asked for all of the page: asked for a part of it again, it would be out of its turn.
  const isSpread = isInPlace && request.delimiter === "";
  const page = await gatherPage(asked, { ...wanted, isSpread }, (some, portion) =>
    askInTurn(some, (nodes, turn) => ask(nodes, turn, portion)),
  );
  const now = services.member.snapshot;
  if (!isOfOneMap || now.smap !== smap || now.rmd !== rmd) return null;
  return isInPlace ? page : { ...page, entries: page.entries.map(asPlaced) };
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
