import type { Permission } from "./access.ts";

/**
 * The closed list of operations. A name here is the span attribute `ais.operation`, the metric label, the log field and
 * the key of the dispatch tables of proxy and target; the span name is `{method} {route}`.
 */
export const OPERATIONS = {
  "object.get": { method: "GET", route: "/v1/objects/{bucket}/{object}", traced: true, access: "GET" },
  "object.put": { method: "PUT", route: "/v1/objects/{bucket}/{object}", traced: true, access: "PUT" },
  "object.head": {
    method: "HEAD",
    route: "/v1/objects/{bucket}/{object}",
    traced: true,
    access: "HEAD-OBJECT",
  },
  "object.delete": {
    method: "DELETE",
    route: "/v1/objects/{bucket}/{object}",
    traced: true,
    access: "DELETE-OBJECT",
  },
  /** What the action in the body says: rename, check the lock, begin or complete a multipart upload. */
  "object.post": {
    method: "POST",
    route: "/v1/objects/{bucket}/{object}",
    traced: true,
    access: "by action",
  },
  /** Changes custom metadata. */
  "object.patch": {
    method: "PATCH",
    route: "/v1/objects/{bucket}/{object}",
    traced: true,
    access: "UPDATE-OBJECT",
  },
  "object.list": { method: "GET", route: "/v1/buckets/{bucket}", traced: true, access: "LIST-OBJECTS" },
  "bucket.list": { method: "GET", route: "/v1/buckets", traced: true, access: "LIST-BUCKETS" },
  "bucket.create": { method: "POST", route: "/v1/buckets/{bucket}", traced: true, access: "by action" },
  "bucket.put": { method: "PUT", route: "/v1/buckets/{bucket}", traced: true, access: "by action" },
  "bucket.destroy": { method: "DELETE", route: "/v1/buckets/{bucket}", traced: true, access: "by action" },
  "bucket.head": { method: "HEAD", route: "/v1/buckets/{bucket}", traced: true, access: "HEAD-BUCKET" },
  "bucket.set-props": { method: "PATCH", route: "/v1/buckets/{bucket}", traced: true, access: "PATCH" },
  "daemon.get": { method: "GET", route: "/v1/daemon", traced: true, access: "SHOW-CLUSTER" },
  "daemon.set-config": { method: "PUT", route: "/v1/daemon/set-config", traced: true, access: "ADMIN" },
  "cluster.get": { method: "GET", route: "/v1/cluster", traced: true, access: "SHOW-CLUSTER" },
  "cluster.set-config": { method: "PUT", route: "/v1/cluster/set-config", traced: true, access: "ADMIN" },
  /** What the action in the body says: jobs, maintenance, decommission, shutdown. */
  "cluster.act": { method: "PUT", route: "/v1/cluster", traced: true, access: "ADMIN" },
  "cluster.set-primary": {
    method: "PUT",
    route: "/v1/cluster/proxy/{proxy}",
    traced: true,
    access: "ADMIN",
  },
  "daemon.act": { method: "PUT", route: "/v1/daemon", traced: true, access: "ADMIN" },
  /** Ours: checks and scrubs of one target's data, by the kind of job. */
  "storage.status": {
    method: "GET",
    route: "/v1/daemon/storage/{job}",
    traced: true,
    access: "SHOW-CLUSTER",
  },
  "storage.start": { method: "POST", route: "/v1/daemon/storage/{job}", traced: true, access: "ADMIN" },
  "storage.stop": { method: "DELETE", route: "/v1/daemon/storage/{job}", traced: true, access: "ADMIN" },
  "reverse.daemon": { method: "*", route: "/v1/reverse/daemon", traced: true, access: "by action" },
  /** Finished requests of the cluster, as they finish, until the caller has seen enough. */
  "trace.tail": { method: "GET", route: "/v1/trace/tail", traced: false, access: "ADMIN" },
  /** Every node sends one span to the collector and says what came of it. */
  "trace.test": { method: "POST", route: "/v1/trace/test", traced: false, access: "ADMIN" },
  "health.get": { method: "GET", route: "/v1/health", traced: false, access: "none" },
  "metrics.get": { method: "GET", route: "/metrics", traced: false, access: "none" },
  /** Intra-cluster: one page of one target's part of a listing. */
  "intra.list": { method: "POST", route: "/v1/intra/list", traced: true, access: "nodes" },
  /** Intra-cluster: a target hands over an object that a client's request copies or renames. */
  "intra.object-put": { method: "PUT", route: "/v1/intra/object", traced: true, access: "nodes" },
  /** Intra-cluster: a target hands an object over for a job, whose spans are not per object. */
  "intra.job-object": { method: "PUT", route: "/v1/intra/job-object", traced: false, access: "nodes" },
  /** Intra-cluster: the owner of an object asks another target to send it now, if it has it. */
  "intra.hand-over": { method: "POST", route: "/v1/intra/hand-over", traced: true, access: "nodes" },
  /** Intra-cluster: the owner of an object deletes what other targets may still have of it. */
  "intra.drop": { method: "POST", route: "/v1/intra/drop", traced: true, access: "nodes" },
  /** Intra-cluster: which objects of its own a target lacks, for a job (a synchronized copy), whose spans are those of its phases. */
  "intra.missing": { method: "POST", route: "/v1/intra/missing", traced: false, access: "nodes" },
  /** Intra-cluster: what a target is working on, newer than what the coordinator has. */
  "intra.jobs": { method: "GET", route: "/v1/intra/jobs", traced: true, access: "nodes" },
  /** Intra-cluster: a listing, which no other job is kept of, ends on a target. */
  "intra.listing-stop": { method: "DELETE", route: "/v1/intra/jobs", traced: true, access: "nodes" },
  /** Intra-cluster: what a target sees of the files that are to be promoted, and the promotion of a few of them. */
  "intra.promote-scan": { method: "POST", route: "/v1/intra/promote-scan", traced: true, access: "nodes" },
  "intra.promote": { method: "POST", route: "/v1/intra/promote", traced: true, access: "nodes" },
  /** Jobs of parts that this server does not have: clients that list all jobs ask for them, and there are none. */
  "download.list": { method: "GET", route: "/v1/download", traced: true, access: "ADMIN" },
  "sort.list": { method: "GET", route: "/v1/sort", traced: true, access: "ADMIN" },
  "etl.list": { method: "GET", route: "/v1/etl", traced: true, access: "ADMIN" },
  /** Intra-cluster: bring the node's copy of a metadata document up to a version before the reply. */
  "intra.sync": { method: "POST", route: "/v1/intra/sync", traced: true, access: "nodes" },
  /** Intra-cluster: export what this node still holds of traces that were not sampled. Traced, it would beget itself. */
  "intra.trace-export": { method: "POST", route: "/v1/intra/trace-export", traced: false, access: "nodes" },
  /** Intra-cluster: one node's part of `trace.tail` and of `trace.test`. */
  "intra.trace-tail": { method: "GET", route: "/v1/intra/trace-tail", traced: false, access: "nodes" },
  "intra.trace-test": { method: "POST", route: "/v1/intra/trace-test", traced: false, access: "nodes" },
} as const satisfies Record<string, OperationEntry>;

interface OperationEntry {
  readonly method: string;
  /** Path template; the only form of a path that reaches span names and metric labels. */
  readonly route: string;
  readonly traced: boolean;
  readonly access: OperationAccess;
}

/**
 * What a caller must be allowed to do. `by action`: `ACTION_PERMISSIONS` has it; what is relayed to a node takes what that
 * node's operation does. `nodes`: calls between nodes.
 */
export type OperationAccess = Permission | "by action" | "nodes" | "none";

export type Operation = keyof typeof OPERATIONS;
