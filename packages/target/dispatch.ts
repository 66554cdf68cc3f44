import { healthGet } from "@ais/node/health.ts";
import { intraSync } from "@ais/node/intra-sync.ts";
import { metricsGet } from "@ais/node/metrics-get.ts";
import { daemonGet } from "./operations/daemon-get.ts";
import { daemonSetConfig } from "./operations/daemon-set-config.ts";
import { intraList } from "./operations/intra-list.ts";
import { objectDelete } from "./operations/object-delete.ts";
import { objectGet } from "./operations/object-get.ts";
import { objectHead } from "./operations/object-head.ts";
import { objectPut } from "./operations/object-put.ts";
import type { TargetDispatch } from "./services.ts";

export const TARGET_DISPATCH: TargetDispatch = {
  "object.get": objectGet,
  "object.put": objectPut,
  "object.head": objectHead,
  "object.delete": objectDelete,
  "daemon.get": daemonGet,
  "daemon.set-config": daemonSetConfig,
  "health.get": healthGet,
  "metrics.get": metricsGet,
  "intra.list": intraList,
  "intra.sync": intraSync,
};
