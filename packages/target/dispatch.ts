import { daemonAct } from "@ais/node/daemon-act.ts";
import { daemonPut } from "@ais/node/daemon-put.ts";
import { healthGet } from "@ais/node/health.ts";
import { intraTraceExport } from "@ais/node/intra-trace-export.ts";
import { intraTraceTail } from "@ais/node/intra-trace-tail.ts";
import { intraTraceTest } from "@ais/node/intra-trace-test.ts";
import { metricsGet } from "@ais/node/metrics-get.ts";
import { daemonGet } from "./operations/daemon-get.ts";
import { intraDrop } from "./operations/intra-drop.ts";
import { intraHandOver } from "./operations/intra-hand-over.ts";
import { intraJobObject } from "./operations/intra-job-object.ts";
import { intraJobs } from "./operations/intra-jobs.ts";
import { intraList } from "./operations/intra-list.ts";
import { intraListingStop } from "./operations/intra-listing-stop.ts";
import { intraMissing } from "./operations/intra-missing.ts";
import { intraObjectPut } from "./operations/intra-object-put.ts";
import { intraPromote } from "./operations/intra-promote.ts";
import { intraPromoteScan } from "./operations/intra-promote-scan.ts";
import { intraSync } from "./operations/intra-sync.ts";
import { objectDelete } from "./operations/object-delete.ts";
import { objectGet } from "./operations/object-get.ts";
import { objectHead } from "./operations/object-head.ts";
import { objectPatch } from "./operations/object-patch.ts";
import { objectPost } from "./operations/object-post.ts";
import { objectPut } from "./operations/object-put.ts";
import { storageStart } from "./operations/storage-start.ts";
import { storageStatus } from "./operations/storage-status.ts";
import { storageStop } from "./operations/storage-stop.ts";
import { atOwner } from "./placement/at-owner.ts";
import type { TargetDispatch } from "./services.ts";

export const TARGET_DISPATCH: TargetDispatch = {
  "object.get": atOwner(objectGet),
  "object.put": atOwner(objectPut),
  "object.head": atOwner(objectHead),
  "object.delete": atOwner(objectDelete),
  "object.post": atOwner(objectPost),
  "object.patch": atOwner(objectPatch),
  "daemon.get": daemonGet,
  "daemon.set-config": daemonPut,
  "daemon.act": daemonAct,
  "storage.status": storageStatus,
  "storage.start": storageStart,
  "storage.stop": storageStop,
  "health.get": healthGet,
  "metrics.get": metricsGet,
  "intra.list": intraList,
  "intra.object-put": intraObjectPut,
  "intra.job-object": intraJobObject,
  "intra.jobs": intraJobs,
  "intra.listing-stop": intraListingStop,
  "intra.promote": intraPromote,
  "intra.promote-scan": intraPromoteScan,
  "intra.hand-over": intraHandOver,
  "intra.drop": intraDrop,
  "intra.missing": intraMissing,
  "intra.sync": intraSync,
  "intra.trace-export": intraTraceExport,
  "intra.trace-tail": intraTraceTail,
  "intra.trace-test": intraTraceTest,
};
