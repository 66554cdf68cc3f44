/**
 * The closed list of operations. A name here is the span attribute `ais.operation`, the metric label, the log field and
 * the key of the dispatch tables of proxy and target; the span name is `{method} {route}`.
 */
export const OPERATIONS = {
  "object.get": { method: "GET", route: "/v1/objects/{bucket}/{object}", traced: true },
  "object.put": { method: "PUT", route: "/v1/objects/{bucket}/{object}", traced: true },
  "object.head": { method: "HEAD", route: "/v1/objects/{bucket}/{object}", traced: true },
  "object.delete": { method: "DELETE", route: "/v1/objects/{bucket}/{object}", traced: true },
  /** What the action in the body says: rename, check the lock, begin or complete a multipart upload. */
  "object.post": { method: "POST", route: "/v1/objects/{bucket}/{object}", traced: true },
  /** Changes custom metadata. */
  "object.patch": { method: "PATCH", route: "/v1/objects/{bucket}/{object}", traced: true },
  "object.list": { method: "GET", route: "/v1/buckets/{bucket}", traced: true },
  "bucket.list": { method: "GET", route: "/v1/buckets", traced: true },
  "bucket.create": { method: "POST", route: "/v1/buckets/{bucket}", traced: true },
  "bucket.destroy": { method: "DELETE", route: "/v1/buckets/{bucket}", traced: true },
  "bucket.head": { method: "HEAD", route: "/v1/buckets/{bucket}", traced: true },
  "bucket.set-props": { method: "PATCH", route: "/v1/buckets/{bucket}", traced: true },
  "daemon.get": { method: "GET", route: "/v1/daemon", traced: true },
  "daemon.set-config": { method: "PUT", route: "/v1/daemon/set-config", traced: true },
  "cluster.get": { method: "GET", route: "/v1/cluster", traced: true },
  /** What the action in the body says: jobs, maintenance, decommission, shutdown. */
  "cluster.act": { method: "PUT", route: "/v1/cluster", traced: true },
  "cluster.set-primary": { method: "PUT", route: "/v1/cluster/proxy/{proxy}", traced: true },
  "daemon.act": { method: "PUT", route: "/v1/daemon", traced: true },
  "cluster.set-config": { method: "PUT", route: "/v1/cluster/set-config", traced: true },
  /** Ours: checks and scrubs of one target's data, by the kind of job. */
  "storage.status": { method: "GET", route: "/v1/daemon/storage/{job}", traced: true },
  "storage.start": { method: "POST", route: "/v1/daemon/storage/{job}", traced: true },
  "storage.stop": { method: "DELETE", route: "/v1/daemon/storage/{job}", traced: true },
  "reverse.daemon": { method: "*", route: "/v1/reverse/daemon", traced: true },
  /** Finished requests of the cluster, as they finish, until the caller has seen enough. */
  "trace.tail": { method: "GET", route: "/v1/trace/tail", traced: false },
  /** Every node sends one span to the collector and says what came of it. */
  "trace.test": { method: "POST", route: "/v1/trace/test", traced: false },
  "health.get": { method: "GET", route: "/v1/health", traced: false },
  "metrics.get": { method: "GET", route: "/metrics", traced: false },
  /** Intra-cluster: one page of one target's part of a listing. */
  "intra.list": { method: "POST", route: "/v1/intra/list", traced: true },
  /** Intra-cluster: a target hands over an object that a client's request copies or renames. */
  "intra.object-put": { method: "PUT", route: "/v1/intra/object", traced: true },
  /** Intra-cluster: a target hands an object over for a job, whose spans are not per object. */
  "intra.job-object": { method: "PUT", route: "/v1/intra/job-object", traced: false },
  /** Intra-cluster: the owner of an object asks another target to send it now, if it has it. */
  "intra.hand-over": { method: "POST", route: "/v1/intra/hand-over", traced: true },
  /** Intra-cluster: the owner of an object deletes what other targets may still have of it. */
  "intra.drop": { method: "POST", route: "/v1/intra/drop", traced: true },
  /** Intra-cluster: what a target is working on, newer than what the coordinator has. */
  "intra.jobs": { method: "GET", route: "/v1/intra/jobs", traced: true },
  /** Jobs of parts that this server does not have: clients that list all jobs ask for them, and there are none. */
  "download.list": { method: "GET", route: "/v1/download", traced: true },
  "sort.list": { method: "GET", route: "/v1/sort", traced: true },
  "etl.list": { method: "GET", route: "/v1/etl", traced: true },
  /** Intra-cluster: bring the node's copy of a metadata document up to a version before the reply. */
  "intra.sync": { method: "POST", route: "/v1/intra/sync", traced: true },
  /** Intra-cluster: export what this node still holds of traces that were not sampled. Traced, it would beget itself. */
  "intra.trace-export": { method: "POST", route: "/v1/intra/trace-export", traced: false },
  /** Intra-cluster: one node's part of `trace.tail` and of `trace.test`. */
  "intra.trace-tail": { method: "GET", route: "/v1/intra/trace-tail", traced: false },
  "intra.trace-test": { method: "POST", route: "/v1/intra/trace-test", traced: false },
} as const satisfies Record<string, OperationEntry>;

interface OperationEntry {
  readonly method: string;
  /** Path template; the only form of a path that reaches span names and metric labels. */
  readonly route: string;
  readonly traced: boolean;
}

export type Operation = keyof typeof OPERATIONS;
