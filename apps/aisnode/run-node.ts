/** The life of a node from start to stop, as one straight function (style.md 3). */
import { hostname as machineName } from "node:os";
import { systemClock } from "@ais/base/clock.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import { LimitTally } from "@ais/base/limits.ts";
import { clusterSecret } from "@ais/cluster/cluster-secret.ts";
import type { Coordinator } from "@ais/cluster/coordinator/coordinator.ts";
import { openCoordinator } from "@ais/cluster/coordinator/open.ts";
import { CoordinatedJobs } from "@ais/cluster/jobs/coordinated-jobs.ts";
import { createClusterMember } from "@ais/cluster/membership.ts";
import type { NodeServices } from "@ais/node/call.ts";
import { DEFAULT_PACE } from "@ais/node/http/body-pace.ts";
import { INTRA_SECRET, IntraAuth } from "@ais/node/intra-auth.ts";
import { onStopSignal } from "@ais/node/lifecycle.ts";
import { createNodeLogger, type NodeLogger } from "@ais/node/logger.ts";
import { createNodeMetrics } from "@ais/node/metrics/node-metrics.ts";
import type { NodeMetrics } from "@ais/node/metrics/types.ts";
import { openNodeConfigs } from "@ais/node/node-config.ts";
import { resolveNodeId } from "@ais/node/node-id.ts";
import { createNodeRequests } from "@ais/node/requests/node-requests.ts";
import { createStartGate } from "@ais/node/start-gate.ts";
import type { StopRequest } from "@ais/node/stop-request.ts";
import { createSystemInfo } from "@ais/node/system-info.ts";
import type { StorageFaults } from "@ais/storage/faults.ts";
import { createTracing } from "@ais/tracing";
import type { CreateTracing, Tracing } from "@ais/tracing/types.ts";
import { nodeName, type Snode } from "@ais/wire/smap.ts";
import { AIS_VERSION } from "@ais/wire/version.ts";
import { finishStop } from "./finish-stop.ts";
import { applyConfig, initialConfig, offerTracing } from "./node-config.ts";
import { nodeFacts } from "./node-facts.ts";
import { openFileLimits } from "./open-file-limits.ts";
import type { Environment, NodeOptions, ParsedOptions } from "./options.ts";
import { ROLES } from "./roles.ts";
import { selfNode } from "./self-node.ts";
import { listen, within } from "./start-stop.ts";
import { TEST_FAULTS_VARIABLE, testFaults } from "./test-faults.ts";
import { chooseTracing } from "./tracing-section.ts";
import { waitForCluster } from "./wait-for-cluster.ts";

/** Connections without a request are closed after this. */
const IDLE_TIMEOUT_MS = 120_000;
/** A stop waits at most so long for each: to leave the cluster, for requests to finish, for spans to go out. */
const LEAVE_DEADLINE_MS = 3000;
/** Clients that were sent here just before the node left the map are still served. */
const REDIRECT_GRACE_MS = 200;
const DRAIN_DEADLINE_MS = 10_000;
const TRACE_FLUSH_DEADLINE_MS = 5000;
/** Signs trace contexts between nodes (`tracing.trust_inbound`). */
const TRACE_SECRET = "trace-context";
/** Signs calls between nodes. */

export interface NodeOverrides {
  /** In place of the build's own tracing, to compare with. */
  readonly createTracing?: CreateTracing;
}

/**
 * Resolves when the node has stopped as asked; rejects when it cannot start or cannot go on. What a decommission asks for
 * comes last, when nothing of the node is open any more.
 */
export async function runNode(
  parsed: ParsedOptions,
  env: Environment,
  overrides: NodeOverrides = {},
): Promise<void> {
  const request = await serve(parsed, env, overrides);
  if (request !== null) await finishStop(request, parsed.options);
}

async function serve(
  parsed: ParsedOptions,
  env: Environment,
  overrides: NodeOverrides,
): Promise<StopRequest | null> {
  const startedMonotonicMs = systemClock.monotonicMs();
  const { options } = parsed;
  const role = ROLES[options.role];
  const tracingChoice = chooseTracing(parsed);
  // Disposed of in reverse: leave the cluster, finish requests, close the storage, flush spans, flush the log.
  await using stack = new AsyncDisposableStack();
  const { id, logger, tracing, signal, stop } = await openDiagnostics(options, env, overrides, stack);
  const coordinator = stack.use(await openCoordinator(options.coordinator));
  const jobs = stack.use(new CoordinatedJobs(coordinator, logger));
  const roleResources = stack.use(new AsyncDisposableStack());

  // The cluster map names the port, so the node listens first; until it can serve, requests are answered 503.
  const gate = createStartGate();
  const limits = new LimitTally();
  const { connectionCount, openWriteCount } = openFileLimits(options, logger);
  const server = await listen(role.startServer, {
    hostname: options["listen-address"],
    port: options.port,
    handler: gate.handler,
    idleTimeoutMs: IDLE_TIMEOUT_MS,
    logger,
    pace: { ...DEFAULT_PACE, windowMs: options["slow-client-seconds"] * 1000 },
    connectionCount,
    onLimit: (limit) => limits.hit(limit),
  });
  let hasJoined = false;
  stack.defer(async () => {
    if (hasJoined) await sleep(REDIRECT_GRACE_MS);
    await server.stop(DRAIN_DEADLINE_MS);
  });

  const self = await selfNode({ id, role: options.role, hostname: options.hostname, port: server.port });
  const owned = await role.ownedClusterUuid(options);
  const member = await createClusterMember({
    coordinator,
    self,
    logger,
    tracing,
    initialConfig: initialConfig(tracingChoice),
    leaseTtlMs: options["lease-ttl"],
    ...(owned === null ? {} : { expectedClusterUuid: owned }),
  });
  stack.defer(() => within(LEAVE_DEADLINE_MS, member[Symbol.asyncDispose]()));
  if (!role.createsCluster) await waitForCluster(member, signal, logger);
  if (signal.aborted) return null;
  const traceKey = await clusterSecret(coordinator, TRACE_SECRET);
  const nodeConfig = stack.use(await openNodeConfigs({ directory: options["config-dir"], member, logger }));
  stack.defer(await applyConfig(nodeConfig, logger, tracing, tracingChoice, parsed, traceKey));

  const metrics = createNodeMetrics({ role: options.role, nodeId: id, tracing, limits });
  metrics.collect("connections", "open connections, as of the last second", "gauge", () => [
    [{}, server.connections],
  ]);
  const intraAuth = await openIntraAuth(coordinator, id, metrics);
  const facts = await nodeFacts(options, { id, port: server.port, startedMonotonicMs });
  const requests = createNodeRequests({ nodeId: id, member, tracing, logger, metrics, intraAuth });
  stack.defer(() => requests.close());
  let stopRequest: StopRequest | null = null;
  const stopNode = (request: StopRequest): void => {
    stopRequest ??= request;
    stop(request.reason);
  };
  const system = createSystemInfo(systemClock);
  const node = { member, tracing, metrics, logger, facts, requests, jobs, nodeConfig, system };
  const services: NodeServices = { ...node, intraAuth, stopNode };
  const faults = announcedFaults(env, logger);
  gate.open(await role.create(services, options, roleResources, { faults, openWriteCount }));

  // From here on clients are sent to this node. A stop takes it out of the map first, then lets requests finish.
  const running = member.run(signal);
  await Promise.race([member.ready(signal).catch(ignoreStop(signal)), running]);
  hasJoined = true;
  if (!signal.aborted) {
    await offerTracing(member, tracingChoice);
    announce(self, services);
  }
  await running;
  return stopRequest;
}

/** What waits for this node reads its standard output. */
function announce(self: Snode, { logger, tracing }: NodeServices): void {
  const { direct_url: url } = self.public_net;
  logger.log("info", "ready", { url, version: AIS_VERSION, tracing: tracing.stats().build });
  process.stdout.write(`aisnode ${nodeName(self)} ready at ${url}\n`);
}

/** By which nodes of one cluster know each other's calls. */
async function openIntraAuth(
  coordinator: Coordinator,
  nodeId: string,
  metrics: NodeMetrics,
): Promise<IntraAuth> {
  const key = await clusterSecret(coordinator, INTRA_SECRET);
  const intraAuth = new IntraAuth({ key, nodeId, clock: systemClock });
  const help = "calls between nodes that no node of the cluster made";
  metrics.collect("intra_refused_count", help, "counter", () => [[{}, intraAuth.refusedCount]]);
  return intraAuth;
}

function announcedFaults(env: Environment, logger: NodeLogger): StorageFaults | null {
  const faults = testFaults(env);
  if (faults !== null)
    logger.log("warn", "this node's storage fails on demand", { variable: TEST_FAULTS_VARIABLE });
  return faults;
}

interface Diagnostics {
  readonly id: string;
  readonly logger: NodeLogger;
  readonly tracing: Tracing;
  /** Aborts when the process is asked to stop. */
  readonly signal: AbortSignal;
  stop(reason: string): void;
}

/** Everything after this can log, trace and be stopped. */
async function openDiagnostics(
  options: NodeOptions,
  env: Environment,
  overrides: NodeOverrides,
  stack: AsyncDisposableStack,
): Promise<Diagnostics> {
  const id = await resolveNodeId({ option: options["daemon-id"], env, confdir: options["config-dir"] });
  const logger = stack.use(
    await createNodeLogger({
      nodeName: nodeName({ daemon_type: options.role, daemon_id: id }),
      directory: options["log-dir"] === "" ? null : options["log-dir"],
      verbosity: options["log-level"],
    }),
  );
  const { signal, stop, dispose } = onStopSignal(logger);
  stack.defer(dispose);
  const tracing = (overrides.createTracing ?? createTracing)({
    role: options.role,
    nodeId: id,
    version: AIS_VERSION,
    hostname: machineName(),
    address: options.hostname,
    env,
    logger,
    clock: systemClock,
  });
  stack.defer(() => tracing.stop(TRACE_FLUSH_DEADLINE_MS));
  return { id, logger, tracing, signal, stop };
}

/** To be asked to stop while waiting is no failure. */
function ignoreStop(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}
