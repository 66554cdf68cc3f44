/** What the processes of a node have in common: how long they wait for what. */

/** Connections without a request are closed after this. */
export const IDLE_TIMEOUT_MS = 120_000;
/** A stop waits at most so long for each: to leave the cluster, for requests to finish, for spans to go out. */
export const LEAVE_DEADLINE_MS = 3000;
export const DRAIN_DEADLINE_MS = 10_000;
export const TRACE_FLUSH_DEADLINE_MS = 5000;
/** Clients that were sent here just before the node left the map are still served. */
export const REDIRECT_GRACE_MS = 200;
/** A worker lets requests finish, then spans go out. */
export const WORKER_STOP_DEADLINE_MS = DRAIN_DEADLINE_MS + TRACE_FLUSH_DEADLINE_MS + 1000;
/** Signs trace contexts between nodes (`tracing.trust_inbound`). */
export const TRACE_SECRET = "trace-context";
/** Signs calls between nodes. */
export const INTRA_SECRET = "intra-cluster";
