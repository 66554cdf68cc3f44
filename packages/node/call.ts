/** One request inside a daemon, after the stages resolve, trace and detect of the pipeline (design.md 3). */
import type { JobDirectory } from "@ais/cluster/jobs/job-directory.ts";
import type { ClusterMember } from "@ais/cluster/member.ts";
import type { ClusterSnapshot } from "@ais/cluster/snapshot.ts";
import type { Span, Tracing } from "@ais/tracing/types.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import type { Operation } from "@ais/wire/operations.ts";
import { QUERY } from "@ais/wire/queries.ts";
import type { NodeFacts } from "./facts.ts";
import type { HttpReply, HttpRequest } from "./http/types.ts";
import type { IntraAuth } from "./intra-auth.ts";
import type { NodeLogger } from "./logger.ts";
import type { NodeMetrics } from "./metrics/types.ts";
import type { NodeConfigs } from "./node-config.ts";
import type { NodeRequests } from "./requests/node-requests.ts";
import type { StopNode } from "./stop-request.ts";
import type { SystemInfo } from "./system-info.ts";
import type { Workers } from "./workers/workers.ts";

/** Decoded query items; the first value of a repeated name. */
export interface Query {
  get(name: string): string | null;
  /** True for the spellings of wire-compat 0.1. */
  flag(name: string): boolean;
  entries(): Iterable<readonly [string, string]>;
}

export interface Call {
  readonly operation: Operation;
  readonly request: HttpRequest;
  readonly query: Query;
  /** Decoded, empty when the route has none. Not validated. */
  readonly bucketName: string;
  /** Decoded, slashes kept, leading ones collapsed; empty when the route has none. The screen stage validated it. */
  readonly objectName: string;
  /** Path items after the route's literal part, decoded; for `reverse` and `daemon` calls. */
  readonly rest: readonly string[];
  /** The one snapshot that this request reads. */
  readonly snapshot: ClusterSnapshot;
  /** The SERVER span. The pipeline ends it when the reply is out. */
  readonly span: Span;
}

/** What every handler may use. Roles add their own (`ProxyServices`, `TargetServices`). */
export interface NodeServices {
  readonly member: ClusterMember;
  readonly tracing: Tracing;
  readonly metrics: NodeMetrics;
  readonly logger: NodeLogger;
  readonly facts: NodeFacts;
  readonly requests: NodeRequests;
  readonly intraAuth: IntraAuth;
  /** Alerts of the role's own, as bits of `STATE_FLAGS`; none without it. */
  readonly alertFlags?: () => number;
  readonly jobs: JobDirectory;
  readonly nodeConfig: NodeConfigs;
  readonly system: SystemInfo;
  /** The other processes of this node, where this one speaks for all of them. */
  readonly workers: Workers;
  /** Makes the process stop as if it had been told to by a signal; returns at once. */
  readonly stopNode: StopNode;
}

const CALLER_ID = HEADERS.callerId.toLowerCase();

/** The node that called this one, or redirected the client to it; empty when none did. */
export function callerIdOf({ query, request }: Call): string {
  return query.get(QUERY.proxyId) ?? request.header(CALLER_ID) ?? "";
}

/** One operation. What it throws becomes the error reply; it never builds error bodies itself. */
export type OperationHandler<S extends NodeServices> = (
  call: Call,
  services: S,
) => HttpReply | Promise<HttpReply>;

/** A role's dispatch table: `satisfies` over its operations, so that a missing handler does not compile. */
export type DispatchTable<S extends NodeServices, O extends Operation> = Readonly<
  Record<O, OperationHandler<S>>
>;
