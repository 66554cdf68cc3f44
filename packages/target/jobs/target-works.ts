/** The kinds of jobs that a target works on. */
import type { JobWorks } from "@ais/node/jobs/job-work.ts";
import type { TargetServices } from "../services.ts";
import { cleanStore } from "./clean-store.ts";
import { copyObjects } from "./copy-objects.ts";
import { deleteObjects } from "./delete-objects.ts";
import { evictLeastUsed } from "./evict-least-used.ts";
import { promoteFiles } from "./promote-files.ts";
import { rebalanceObjects } from "./rebalance-objects.ts";
import { summarizeBuckets } from "./summarize-buckets.ts";

export function targetWorks(services: TargetServices): JobWorks {
  return {
    "delete-listrange": (context) => deleteObjects(context, services),
    "copy-listrange": (context) => copyObjects(context, services),
    "copy-bck": (context) => copyObjects(context, services),
    "move-bck": (context) => copyObjects(context, services),
    promote: (context) => promoteFiles(context, services),
    "summary-bck": (context) => summarizeBuckets(context, services),
    "cleanup-store": (context) => cleanStore(context, services),
    rebalance: (context) => rebalanceObjects(context, services),
    lru: (context) => evictLeastUsed(context, services),
  };
}
