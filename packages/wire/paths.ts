/** The URL tree (wire-compat 1.3): items of paths, and builders that encode what they are given. */
import { encodeObjectPath } from "./object-name.ts";

export const API_VERSION = "v1";

/** First items of a path after `/v1/`. */
export const RESOURCES = {
  buckets: "buckets",
  objects: "objects",
  cluster: "cluster",
  daemon: "daemon",
  reverse: "reverse",
  health: "health",
  intra: "intra",
  trace: "trace",
} as const;

export const PATHS = {
  buckets: "/v1/buckets",
  objects: "/v1/objects",
  cluster: "/v1/cluster",
  clusterProxy: "/v1/cluster/proxy",
  clusterSetConfig: "/v1/cluster/set-config",
  daemon: "/v1/daemon",
  daemonSetConfig: "/v1/daemon/set-config",
  reverseDaemon: "/v1/reverse/daemon",
  reverseDaemonStorage: "/v1/reverse/daemon/storage",
  reverseDaemonSetConfig: "/v1/reverse/daemon/set-config",
  health: "/v1/health",
  /** Where every path between nodes begins. */
  intra: "/v1/intra/",
  intraList: "/v1/intra/list",
  intraObject: "/v1/intra/object",
  intraSync: "/v1/intra/sync",
  intraJobObject: "/v1/intra/job-object",
  intraHandOver: "/v1/intra/hand-over",
  intraDrop: "/v1/intra/drop",
  intraMissing: "/v1/intra/missing",
  intraJobs: "/v1/intra/jobs",
  intraPromote: "/v1/intra/promote",
  intraPromoteScan: "/v1/intra/promote-scan",
  intraTraceExport: "/v1/intra/trace-export",
  intraTraceTail: "/v1/intra/trace-tail",
  intraTraceTest: "/v1/intra/trace-test",
  traceTail: "/v1/trace/tail",
  traceTest: "/v1/trace/test",
  metrics: "/metrics",
} as const;

export function bucketPath(bucketName: string): string {
  return `${PATHS.buckets}/${encodeURIComponent(bucketName)}`;
}

export function objectPath(bucketName: string, objectName: string): string {
  return `${PATHS.objects}/${encodeURIComponent(bucketName)}/${encodeObjectPath(objectName)}`;
}
