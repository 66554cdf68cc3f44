/** `PUT /v1/cluster`, actions `start` and `stop` (wire-compat 6.2). */
import { AisError } from "@ais/base/errors.ts";
import type { SpaceJobArgs } from "@ais/cluster/jobs/space-args.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { matchesQuery } from "@ais/node/jobs/job-views.ts";
import { emptyReply, textReply } from "@ais/node/replies.ts";
import type { ActMsg } from "@ais/wire/act-msg.ts";
import { type Bck, bucketCname } from "@ais/wire/bck.ts";
import { findBucket } from "@ais/wire/bmd.ts";
import { bucketNotFound } from "@ais/wire/error-texts.ts";
import { jobEntry } from "@ais/wire/jobs/job-kinds.ts";
import { JOB_FLAGS, type JobQuery, parseJobQuery } from "@ais/wire/jobs/job-query.ts";
import { USER_ABORT } from "@ais/wire/jobs/job-snap.ts";
import type { Rmd } from "@ais/wire/rmd.ts";
import { nodeName } from "@ais/wire/smap.ts";
import { waysOut } from "../membership/give-up-away.ts";
import { startRebalance } from "../membership/rebalance.ts";
import { refuseWhileRebalancing } from "../membership/transactions.ts";
import type { ProxyServices } from "../services.ts";
import { jobNotFound, listings } from "./query-jobs.ts";
import { startJob } from "./start-job.ts";
import { stopListing } from "./stop-listings.ts";

/** The id of the job as text. */
export async function startClusterJob(
  { name, value }: ActMsg,
  call: Call,
  services: ProxyServices,
): Promise<HttpReply> {
  const query = parseJobQuery(value ?? {});
  const { kind, buckets } = query;
  if (kind === null) throw new AisError("badRequest", "failed to start a job: no kind given");
  if (jobEntry(kind).startable !== true)
    throw new AisError("badRequest", `jobs of kind "${kind}" cannot be started by themselves`);
  if (kind === "prefetch-listrange") throw prefetchRefused(buckets[0]);
  if (kind === "rebalance") {
    refuseScope(name, query);
    return textReply(await startRebalanceByHand(call, services));
  }
  if (kind !== "lru" && kind !== "cleanup-store")
    throw new AisError("unsupported", `jobs of kind "${kind}" are not supported`);
  if (query.nodeId !== "") throw new AisError("unsupported", `jobs of kind "${kind}" run on all targets`);
  return textReply(await startSpaceJob(kind, query, call, services));
}

/** Of all buckets, or of those that are named (wire-compat 6.2: `Bck` is one, `Buckets` are some). */
async function startSpaceJob(
  kind: "lru" | "cleanup-store",
  { buckets, force, flags }: JobQuery,
  call: Call,
  services: ProxyServices,
): Promise<string> {
  // A cleanup here removes nothing that is only misplaced, so keeping it, or forcing its removal, changes nothing.
  const meant = kind === "cleanup-store" ? JOB_FLAGS.removeEmpty | JOB_FLAGS.keepMisplaced : 0;
  if ((flags & ~meant) !== 0)
    throw new AisError("badRequest", `jobs of kind "${kind}" have no flags ${flags}`);
  if (kind === "lru" && force && buckets.length === 0)
    throw new AisError("badRequest", `jobs of kind "${kind}" are forced on buckets that are named only`);
  const named = await Promise.all(buckets.map((bucket) => requireBucket(bucket, call, services)));
  const removesEmpty = (flags & JOB_FLAGS.removeEmpty) !== 0;
  const args: SpaceJobArgs = { buckets: named, force, removesEmpty };
  const [only = null] = named.length === 1 ? named : [];
  const description = [
    named.length > 1 ? `buckets: ${named.map(({ bucket }) => bucketCname(bucket)).join(", ")}` : "",
    kind === "lru" && force ? "force" : "",
    removesEmpty ? "remove objects without content" : "",
  ];
  const what = description.filter((part) => part !== "").join(", ");
  return startJob({ kind, from: only, to: null, description: what, args }, call, services);
}

/** AIStore can rebalance the objects of one bucket, or look for misplaced ones only. */
function refuseScope(prefix: string, { buckets, flags }: JobQuery): void {
  if (buckets.length > 0 || prefix !== "")
    throw new AisError("unsupported", "a rebalance of some buckets only is not supported");
  if ((flags & JOB_FLAGS.removeMisplaced) !== 0)
    throw new AisError("unsupported", "a rebalance that only removes misplaced objects is not supported");
}

/** Whatever the configuration says of rebalancing by itself, AIStore refuses while it is disabled. */
async function startRebalanceByHand(call: Call, services: ProxyServices): Promise<string> {
  const { smap, config } = call.snapshot;
  if (Object.keys(smap.tmap).length < 2)
    throw new AisError(
      "badRequest",
      `cannot rebalance: the cluster has less than two targets${waysOut(services)}`,
    );
  if (!config.rebalance.enabled)
    throw new AisError(
      "badRequest",
      `cannot rebalance: it is disabled (rebalance.enabled)${waysOut(services)}`,
    );
  return services.membership.run("rebalance", async () => {
    refuseWhileRebalancing("rebalance", services);
    // Whoever settles the objects among those that are there gives up those that are not.
    const giveUp = (rmd: Rmd): Rmd | null => (rmd.away.length === 0 ? null : { ...rmd, away: [] });
    await services.member.updateRmd(giveUp, call.span);
    return startRebalance("started by request", call, services);
  });
}

/** A node that waits for its objects to be handed over would wait for ever. */
function refuseToStrand(ids: readonly string[], { force }: JobQuery, { jobs, member }: ProxyServices): void {
  if (force || !ids.some((id) => jobs.get(id)?.record.kind === "rebalance")) return;
  const leaving = Object.values(member.snapshot.rmd.nodes).find((state) => !state.final && state.rebalance);
  if (leaving === undefined) return;
  const { snode, action } = leaving;
  throw new AisError(
    "badRequest",
    `cannot stop the rebalance: the objects of ${nodeName(snode)} are being handed over for "${action}" (force stops it all the same)`,
  );
}

/** By id, or every open job of a kind, perhaps of one bucket. Jobs that have ended stay as they are. */
export async function stopClusterJobs(
  { value }: ActMsg,
  call: Call,
  services: ProxyServices,
): Promise<HttpReply> {
  const { jobs, clock } = services;
  const query = parseJobQuery(value ?? {});
  if (query.ids.length === 0 && query.kind === null)
    throw new AisError("badRequest", "failed to stop a job: neither id nor kind given");
  const found = await candidates(query, call, services);
  refuseToStrand(found, query, services);
  const listings = await listingsToStop(query, found, call, services);
  const stopped = await Promise.all(listings.map((id) => stopListing(id, call, services)));
  if (query.ids.length > 0 && found.length === 0 && !stopped.includes(true))
    throw jobNotFound(query.ids.join(","));
  const stop = { reason: USER_ABORT, timeNs: clock.nowNs().toString() };
  for (const id of found) {
    await jobs.update(
      id,
      (current) => (current.end === null && current.stop === null ? { ...current, stop } : null),
      call.span,
    );
  }
  return emptyReply();
}

async function candidates(
  query: JobQuery,
  { span }: Call,
  { jobs }: ProxyServices,
): Promise<readonly string[]> {
  if (query.ids.length > 0) {
    const entries = await Promise.all(query.ids.map((id) => jobs.refresh(id, span)));
    return entries.flatMap((entry) => (entry === null ? [] : [entry.record.id]));
  }
  const open = jobs.list().filter(({ record }) => record.end === null && matchesQuery(record, query));
  return open.map(({ record }) => record.id);
}

/** Those that no record is kept of: named by id, or all of a bucket or the cluster. */
async function listingsToStop(
  query: JobQuery,
  found: readonly string[],
  call: Call,
  services: ProxyServices,
): Promise<readonly string[]> {
  if (query.ids.length > 0) return query.ids.filter((id) => !found.includes(id));
  if (query.kind !== "list") return [];
  const open = (await listings(call, services)).filter(
    ({ record }) => record.end === null && matchesQuery(record, query),
  );
  return open.map(({ record }) => record.id);
}

async function requireBucket(bucket: Bck, call: Call, { member }: ProxyServices) {
  const props =
    findBucket(call.snapshot.bmd, bucket) ?? findBucket((await member.refresh("bmd", call.span)).bmd, bucket);
  if (props === null) throw bucketNotFound(bucket);
  return { bucket, bid: props.bid };
}

function prefetchRefused(bucket: Bck | undefined): AisError {
  const cname = bucket === undefined ? "none" : bucketCname(bucket);
  return new AisError("badRequest", `prefetch-listrange: expecting remote bucket (have ${cname})`);
}
