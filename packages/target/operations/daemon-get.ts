/** `daemon.get`: what a target says about itself (wire-compat 5.3). */
import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import { daemonInfo } from "@ais/node/daemon-info.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { jobSnap } from "@ais/node/jobs/job-views.ts";
import { jsonReply } from "@ais/node/replies.ts";
import { unrecognizedWhat } from "@ais/wire/error-texts.ts";
import type { JobSnap } from "@ais/wire/jobs/job-snap.ts";
import { spaceInfo, type Tcdf, tcdf } from "@ais/wire/node-status.ts";
import { QUERY, WHAT } from "@ais/wire/queries.ts";
import { diskNames, withDisks } from "../disks.ts";
import type { TargetServices } from "../services.ts";

export async function daemonGet(call: Call, services: TargetServices): Promise<HttpReply> {
  const { store } = services;
  const what = call.query.get(QUERY.what) ?? "";
  if (what === WHAT.sysInfo)
    return jsonReply({ ...(await services.system.read()), ...spaceInfo(await capacityOf(services)) });
  const common = await daemonInfo(call, services, () => capacityOf(services));
  if (common !== null) return common;
  switch (what) {
    case WHAT.mountpaths: {
      const available = store.capacity().map(({ path }) => path);
      return jsonReply({ available, waiting_dd: [], disabled: [] });
    }
    case WHAT.disk:
      return jsonReply(await diskStats(services));
    case WHAT.jobSnap:
      return jsonReply(await jobSnapHere(call, services));
    default:
      throw unrecognizedWhat(what);
  }
}

/** This target's share of the job that `uuid` names. */
async function jobSnapHere(
  call: Call,
  { jobs, jobRunner, listingJobs, facts }: TargetServices,
): Promise<JobSnap> {
  const id = call.query.get(QUERY.uuid) ?? "";
  const listing = listingJobs.list().find((each) => each.id === id);
  if (listing !== undefined) return jobSnap(listing.record, listing.share);
  const entry = jobs.get(id) ?? (await jobs.refresh(id, call.span));
  if (entry === null) throw new AisError("notFound", `job "${id}" does not exist`);
  const live = jobRunner.live().find((each) => each.id === id)?.share;
  return jobSnap(entry.record, live ?? entry.shares.get(facts.id) ?? null);
}

/** `what=disk`. Upper-case names are Go's, which has no others for them. */
async function diskStats({ store, diskRates, space }: TargetServices): Promise<object> {
  const mountpaths = await withDisks(store.capacity());
  const rates = [...(await diskRates.read(diskNames(mountpaths)))].map(([disk, rate]) => [
    disk,
    {
      RBps: rate.readBytes,
      Ravg: rate.averageReadBytes,
      WBps: rate.writtenBytes,
      Wavg: rate.averageWriteBytes,
      Util: rate.utilization,
    },
  ]);
  return { AllDiskStats: Object.fromEntries(rates), ...tcdf(mountpaths), cs_err: space.state().alert };
}

async function capacityOf({ store, space }: TargetServices): Promise<Tcdf> {
  return { ...tcdf(await withDisks(store.capacity())), cs_err: space.state().alert };
}
