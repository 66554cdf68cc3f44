/** Query item names and the values of `what` (wire-compat 2.4, 5.3). */
export const QUERY = {
  provider: "provider",
  namespace: "namespace",
  bucketTo: "bck_to",
  objectTo: "object_to",
  what: "what",
  props: "props",
  uuid: "uuid",
  jobId: "jobid",
  regex: "regex",
  onlyActive: "only_active",
  presence: "presence",
  dontAddRemote: "dont_add_remote_bck_md",
  dontHeadRemote: "dont_head_remote_bck",
  keepBucketMd: "keep_bck_md",
  bucketSummaryRemote: "bsumm_remote",
  skipVersionCheck: "skip_vc",
  latestVersion: "latest-ver",
  synchronize: "synchronize",
  validateChecksum: "validate-checksum",
  setNewCustom: "set-new-custom",
  appendType: "append_type",
  appendHandle: "append_handle",
  silent: "sln",
  force: "frc",
  archivePath: "archpath",
  archiveMime: "archmime",
  archiveRegex: "archregx",
  archiveMode: "archmode",
  uploads: "uploads",
  uploadId: "uploadId",
  partNumber: "partNumber",
  etlName: "etl_name",
  logSeverity: "severity",
  logOffset: "offset",
  logAll: "all",
  transient: "transient",
  readiness: "readiness",
  primaryReadyToRebalance: "prr",
  askPrimary: "apr",
  clusterInfo: "cii",
  clusterInfoAskPrimary: "cii-apr",
  /** Id of the proxy that redirected. */
  proxyId: "pid",
  /** Time of the redirect, ns since the epoch in base 36. */
  unixTime: "utm",
  /** Version of the BMD by which the proxy redirected: an older target refreshes before it serves. */
  bmdVersion: "bmdv",
  /** Version of the cluster map by which the proxy redirected, as AIStore's signed redirects have it. */
  smapVersion: "vpams",
  /** Trace context across a redirect (tracing.md 3). */
  traceparent: "traceparent",
  tracestate: "tracestate",
  /** The cluster's signature of the two, where strangers' contexts are not believed. */
  traceSignature: "tracesig",
  /** Of `intra/sync`: the document to bring up to date, and the version wanted. */
  document: "document",
  version: "version",
  /** Of `trace.tail` and `trace.test`. */
  traceBucket: "bucket",
  traceOperation: "operation",
  traceStatus: "status",
  traceMinDuration: "min-duration",
  traceNode: "node",
} as const;

/** Values of `append_type`. */
export const APPEND_TYPES = { append: "append", flush: "flush" } as const;

/** Values of the query item `what`. */
export const WHAT = {
  smap: "smap",
  bmd: "bmd",
  config: "config",
  clusterConfig: "cluster_config",
  snode: "snode",
  smapVote: "smapvote",
  nodeStats: "node_stats",
  nodeStatus: "node_status",
  sysInfo: "sysinfo",
  metrics: "metrics",
  disk: "disk",
  mountpaths: "mountpaths",
  softwareVersion: "software_version",
  log: "log",
  tlsCertificate: "tls_certificate",
  backends: "backends",
  remote: "remote",
  targetIps: "target_ips",
  status: "status",
  statusAll: "status_all",
  queryJobs: "qryxstats",
  runningAll: "running_all",
  jobSnap: "getxstats",
  /** Ours: the state of the node's tracing (tracing.md 6). */
  tracing: "tracing",
  /** Ours: requests that have not ended. */
  inFlight: "inflight",
} as const;

/** Values of `presence`. */
export const PRESENCE = {
  exists: 0,
  existsNoProps: 1,
  present: 2,
  presentNoProps: 3,
  presentInCluster: 4,
  existsOutside: 5,
} as const;

const TRUE_TEXTS: ReadonlySet<string> = new Set(["1", "t", "true", "y", "yes", "on"]);

/** The spellings that count as true in a query (wire-compat 0.1), in any case; everything else is false. */
export function isTrueText(text: string | null): boolean {
  return text !== null && TRUE_TEXTS.has(text.toLowerCase());
}
