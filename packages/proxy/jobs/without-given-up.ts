/** Jobs that wait for targets which are given up meanwhile, with what they hold: they go on without them. */
import type { JobRecord } from "@ais/cluster/jobs/job-record.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { CopyMsg } from "@ais/wire/jobs/job-messages.ts";
import { outOfService, type Rmd } from "@ais/wire/rmd.ts";
import { findNode, type Smap } from "@ais/wire/smap.ts";
import type { ProxyServices } from "../services.ts";
import { isWhole } from "./start-job.ts";

/** True when the job has other targets now than before. `absent` are those of its own that are not there. */
export async function goesOnWithout(
  record: JobRecord,
  absent: readonly string[],
  { jobs, member, logger }: Pick<ProxyServices, "jobs" | "member" | "logger">,
): Promise<boolean> {
  if (!isWhole(record.kind) || deletesCopies(record)) return false;
  if (!absent.some((id) => isGivenUp(id, member.snapshot))) return false;
  // In this order: a target is noted as away before the cluster map loses it.
  const { smap } = await member.refresh("smap", NOOP_SPAN);
  const { rmd } = await member.refresh("rmd", NOOP_SPAN);
  const given = absent.filter((id) => isGivenUp(id, { smap, rmd }));
  // Of a job with nobody left nothing has been done, which is no good end.
  if (given.length === 0 || given.length === record.targets.length) return false;
  const left = (now: JobRecord): string[] => now.targets.filter((id) => !given.includes(id));
  await jobs.update(record.id, (now) => (now.end === null ? { ...now, targets: left(now) } : null));
  logger.log("warn", "a job goes on without targets that were given up", {
    job: record.id,
    nodes: given.join(),
  });
  return true;
}

/** Copies of what is lost may be all that is left of it: whoever wants them gone starts such a job after the loss. */
function deletesCopies({ args }: JobRecord): boolean {
  return (args as Partial<CopyMsg> | null)?.synchronize === true;
}

function isGivenUp(id: string, { smap, rmd }: { readonly smap: Smap; readonly rmd: Rmd }): boolean {
  return findNode(smap, id) === null && !rmd.away.includes(id) && outOfService(rmd, id) === null;
}
