/** Answers about jobs (wire-compat 6.2): from the cluster's records, with what targets have done since the last write. */
import { AisError } from "@ais/base/errors.ts";
import type { JobEntry } from "@ais/cluster/jobs/job-directory.ts";
import {
  checkJobShare,
  isShareOver,
  type JobRecord,
  type JobShare,
  parseJobRecord,
} from "@ais/cluster/jobs/job-record.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { jobSnap, jobStatus, matchesQuery } from "@ais/node/jobs/job-views.ts";
import { jsonReply } from "@ais/node/replies.ts";
import { type JobQuery, parseJobQueryText } from "@ais/wire/jobs/job-query.ts";
import type { JobSnap } from "@ais/wire/jobs/job-snap.ts";
import { decodeJson } from "@ais/wire/json.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { activeTargets } from "@ais/wire/smap.ts";
import { ACT_MSG_LIMIT_BYTES } from "../act-msg-body.ts";
import { broadcast } from "../broadcast.ts";
import type { ProxyServices } from "../services.ts";

/** A target that does not answer within this is shown as the coordinator last heard of it. */
const LIVE_TIMEOUT_MS = 3000;

/** `what=status`. 404 for a job that nobody knows. */
export async function jobStatusReply(call: Call, services: ProxyServices): Promise<HttpReply> {
  const query = await readQuery(call);
  const [id] = query.ids;
  if (id === undefined && query.kind === null)
    throw new AisError("badRequest", "failed to find a job: neither id nor kind given");
  const entries = id === undefined ? matching(services, query) : await byIds(query, call, services);
  const latest = entries.at(-1);
  if (latest === undefined) throw jobNotFound(id ?? query.kind ?? "");
  return jsonReply(jobStatus(latest));
}

/** `what=status_all`. */
export async function allStatusesReply(call: Call, services: ProxyServices): Promise<HttpReply> {
  const query = await readQuery(call);
  return jsonReply(matching(services, query).map(jobStatus));
}

/** `what=running_all`: `kind[id]` of every job that has not ended, those that idle among them. */
export async function runningReply(call: Call, services: ProxyServices): Promise<HttpReply> {
  const query = { ...(await readQuery(call)), onlyRunning: true };
  const { listings } = await askTargets(call, services);
  const records = [...matching(services, query), ...listings].map(({ record }) => record);
  const names = records
    .filter((record) => matchesQuery(record, query))
    .map(({ kind, id }) => `${kind}[${id}]`);
  return jsonReply([...new Set(names)].sort());
}

/** `what=qryxstats`: snaps by target. 404 only when an explicit id is known nowhere. */
export async function snapsReply(call: Call, services: ProxyServices): Promise<HttpReply> {
  const query = await readQuery(call);
  const live = await askTargets(call, services);
  // Whether an id is known does not depend on whether its job still runs.
  const any = { ...query, onlyRunning: false };
  const known = query.ids.length > 0 ? await refreshed(query, call, services) : matching(services, any);
  const entries = [...known.map((entry) => live.update(entry)), ...live.listings];
  const found = entries.filter(({ record }) => matchesQuery(record, any));
  if (found.length === 0 && query.ids.length > 0) throw jobNotFound(query.ids.join(","));
  const snaps: Record<string, JobSnap[]> = {};
  for (const { daemon_id } of activeTargets(call.snapshot.smap)) snaps[daemon_id] = [];
  for (const { record, shares } of found) {
    for (const nodeId of record.targets) {
      if (query.nodeId !== "" && query.nodeId !== nodeId) continue;
      const snap = jobSnap(record, shares.get(nodeId) ?? null);
      if (query.onlyRunning && snap["end-time"] !== NOT_ENDED) continue;
      snaps[nodeId] = [...(snaps[nodeId] ?? []), snap];
    }
  }
  return jsonReply(snaps);
}

const NOT_ENDED = "0001-01-01T00:00:00Z";

export function jobNotFound(id: string): AisError {
  return new AisError("notFound", `job "${id}" does not exist`);
}

function matching({ jobs }: ProxyServices, query: JobQuery): readonly JobEntry[] {
  return jobs.list().filter(({ record }) => matchesQuery(record, query));
}

/** A job that was started a moment ago through another proxy is in the coordinator before it is here. */
async function refreshed(
  query: JobQuery,
  { span }: Call,
  { jobs }: ProxyServices,
): Promise<readonly JobEntry[]> {
  const entries = await Promise.all(
    query.ids.map(async (id) => jobs.get(id) ?? (await jobs.refresh(id, span))),
  );
  return entries.filter((entry) => entry !== null);
}

async function byIds(query: JobQuery, call: Call, services: ProxyServices): Promise<readonly JobEntry[]> {
  const known = (await refreshed(query, call, services)).filter(({ record }) => matchesQuery(record, query));
  if (known.length > 0) return [...known].sort(runningLast);
  const { listings } = await askTargets(call, services);
  return listings.filter(({ record }) => matchesQuery(record, query));
}

/** Of a composite id, the one that is waited for decides: it has ended when all have. */
function runningLast(left: JobEntry, right: JobEntry): number {
  return Number(left.record.end === null) - Number(right.record.end === null);
}

/** Jobs of which only the targets know. */
export async function listings(call: Call, services: ProxyServices): Promise<readonly JobEntry[]> {
  return (await askTargets(call, services)).listings;
}

interface LiveJobs {
  readonly listings: readonly JobEntry[];
  /** The entry with the newer shares. */
  update(entry: JobEntry): JobEntry;
}

async function askTargets(call: Call, services: ProxyServices): Promise<LiveJobs> {
  const request = {
    method: "GET",
    path: PATHS.intraJobs,
    timeoutMs: LIVE_TIMEOUT_MS,
    signal: call.request.signal,
  };
  const outcomes = await broadcast("intra.jobs", activeTargets(call.snapshot.smap), request, call, services);
  const shares = new Map<string, JobShare>();
  const listings = new Map<string, { record: JobRecord; readonly shares: Map<string, JobShare> }>();
  for (const { node, response, failure } of outcomes) {
    if (response === null || failure !== null) continue;
    const answer = decodeJson(new TextDecoder().decode(response.body)) as LiveAnswer;
    for (const { id, share } of answer.shares) shares.set(`${id}/${node.daemon_id}`, checkJobShare(share));
    for (const { id, record, share } of answer.listings) {
      const part = parseJobRecord(JSON.stringify(record));
      const listing = listings.get(id) ?? { record: part, shares: new Map<string, JobShare>() };
      const targets = [...new Set([...listing.record.targets, node.daemon_id])];
      // It has ended when every target has seen its end.
      listing.record = { ...listing.record, targets, end: part.end === null ? null : listing.record.end };
      listing.shares.set(node.daemon_id, checkJobShare(share));
      listings.set(id, listing);
    }
  }
  return {
    listings: [...listings.values()],
    update(entry) {
      const merged = new Map(entry.shares);
      for (const nodeId of entry.record.targets) {
        const known = merged.get(nodeId);
        const live = shares.get(`${entry.record.id}/${nodeId}`);
        if (live !== undefined && (known === undefined || !isShareOver(entry.record, known)))
          merged.set(nodeId, live);
      }
      return { record: entry.record, shares: merged };
    },
  };
}

interface LiveAnswer {
  readonly shares: readonly { readonly id: string; readonly share: unknown }[];
  readonly listings: readonly { readonly id: string; readonly record: unknown; readonly share: unknown }[];
}

async function readQuery(call: Call): Promise<JobQuery> {
  return parseJobQueryText(new TextDecoder().decode(await call.request.bytes(ACT_MSG_LIMIT_BYTES)));
}
