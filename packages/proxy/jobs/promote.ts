/**
 * Action `promote` on a bucket (wire-compat 2.2): the id of a job as text, or nothing when all is done at the reply. Targets
 * say first what they see: when they see the same files each does a part of them, otherwise each does all that it sees.
 */
import { AisError } from "@ais/base/errors.ts";
import type { JobBucket } from "@ais/cluster/jobs/job-record.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { peerFailure } from "@ais/node/peer-failure.ts";
import { emptyReply, textReply } from "@ais/node/replies.ts";
import { ACTION_PERMISSIONS, requireAccess } from "@ais/wire/access.ts";
import type { ActMsg } from "@ais/wire/act-msg.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { nodeNotFound } from "@ais/wire/error-texts.ts";
import type { Operation } from "@ais/wire/operations.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { type PromoteArgs, type PromoteScan, parsePromoteArgs, parsePromoteScan } from "@ais/wire/promote.ts";
import { activeTargets, nodeName, type Snode } from "@ais/wire/smap.ts";
import { broadcast } from "../broadcast.ts";
import type { ProxyServices } from "../services.ts";
import { sourceOfJob } from "./job-buckets.ts";
import { startJob } from "./start-job.ts";

/** So many files are promoted while the client waits, as AIStore does, unless they are large. */
const WAITED_FILES_MAX = 16;
const WAITED_BYTES_MAX = 256 * 1024 * 1024;
const SCAN_TIMEOUT_MS = 60_000;
const RUN_TIMEOUT_MS = 5 * 60_000;

export async function promote(message: ActMsg, call: Call, services: ProxyServices): Promise<HttpReply> {
  const args = parsePromoteArgs(message.name, message.value);
  const { bucket, bid, props } = await sourceOfJob(call, services);
  requireAccess(bucket, props, ACTION_PERMISSIONS[ACTIONS.promote]);
  const targets = chosenTargets(args, call);
  const scans = (await ask("intra.promote-scan", PATHS.intraPromoteScan, args, targets, call, services)).map(
    parsePromoteScan,
  );
  const isShared = !args.isNotShared && scans.length > 1 && seeTheSame(scans);
  const work = { args, isDirectory: scans.some(({ isDirectory }) => isDirectory), isShared };
  if (scans.some(({ isDirectory }) => isDirectory !== work.isDirectory))
    throw new AisError("conflict", `"${args.source}" is a directory on some targets and a file on others`);
  const ids = targets.map(({ daemon_id }) => daemon_id);
  if (isSmall(scans)) {
    const run = { ...work, bucket, bid, targets: ids };
    await ask("intra.promote", PATHS.intraPromote, run, targets, call, services);
    return emptyReply();
  }
  const from: JobBucket = { bucket, bid };
  const job = { kind: "promote", from, to: null, description: descriptionOf(args), args: work } as const;
  return textReply(await startJob({ ...job, targets: ids }, call, services));
}

function chosenTargets({ targetId }: PromoteArgs, { snapshot }: Call): readonly Snode[] {
  const targets = activeTargets(snapshot.smap);
  const chosen = targetId === "" ? targets : targets.filter(({ daemon_id }) => daemon_id === targetId);
  if (targetId !== "" && chosen.length === 0) throw nodeNotFound(targetId);
  if (chosen.length === 0)
    throw new AisError("unavailable", "failed to promote: the cluster has no active targets");
  return chosen;
}

function seeTheSame(scans: readonly PromoteScan[]): boolean {
  return scans.every(({ digest }) => digest === scans[0]?.digest);
}

function isSmall(scans: readonly PromoteScan[]): boolean {
  return scans.every(
    ({ fileCount, totalBytes }) => fileCount <= WAITED_FILES_MAX && totalBytes <= WAITED_BYTES_MAX,
  );
}

/** The bodies of all replies. What the first target that refuses says is the cluster's answer. */
async function ask(
  operation: Operation,
  path: string,
  message: object,
  targets: readonly Snode[],
  call: Call,
  services: ProxyServices,
): Promise<readonly string[]> {
  const timeoutMs = operation === "intra.promote" ? RUN_TIMEOUT_MS : SCAN_TIMEOUT_MS;
  const request = { method: "POST", path, body: JSON.stringify(message), timeoutMs };
  const outcomes = await broadcast(operation, targets, request, call, services);
  return outcomes.map(({ node, response, failure }) => {
    if (response === null) throw new AisError("unavailable", `failed to promote: ${failure}`);
    const text = new TextDecoder().decode(response.body);
    if (failure === null) return text;
    throw new AisError(peerFailure(response.status, text).code, `${nodeName(node)}: ${failure}`);
  });
}

function descriptionOf({ source, objectName, recursive, overwrite, deleteSource }: PromoteArgs): string {
  const flags = [
    recursive ? "recursive" : "",
    overwrite ? "overwrite" : "",
    deleteSource ? "delete source" : "",
  ];
  return [`source: ${source}`, `to: ${objectName}`, ...flags.filter((flag) => flag !== "")].join(", ");
}
