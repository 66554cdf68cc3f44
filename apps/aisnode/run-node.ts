/** The life of a node from start to stop, as one straight function (style.md 3). */
import { systemClock } from "@ais/base/clock.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import { LimitTally } from "@ais/base/limits.ts";
import { clusterSecret } from "@ais/cluster/cluster-secret.ts";
import { openCoordinator } from "@ais/cluster/coordinator/open.ts";
import { CoordinatedJobs } from "@ais/cluster/jobs/coordinated-jobs.ts";
import { createClusterMember } from "@ais/cluster/membership.ts";
import type { NodeServices } from "@ais/node/call.ts";
import { DEFAULT_PACE } from "@ais/node/http/body-pace.ts";
import { onStopSignal } from "@ais/node/lifecycle.ts";
import { createNodeLogger, type NodeLogger } from "@ais/node/logger.ts";
import { createNodeMetrics } from "@ais/node/metrics/node-metrics.ts";
import { openNodeConfigs } from "@ais/node/node-config.ts";
import { resolveNodeId } from "@ais/node/node-id.ts";
import { createNodeRequests } from "@ais/node/requests/node-requests.ts";
import { createStartGate } from "@ais/node/start-gate.ts";
import type { StopRequest } from "@ais/node/stop-request.ts";
import { createSystemInfo } from "@ais/node/system-info.ts";
import { NO_WORKERS } from "@ais/node/workers/workers.ts";
import type { StorageFaults } from "@ais/storage/faults.ts";
import type { CreateTracing, Tracing } from "@ais/tracing/types.ts";
import { nodeName, type Snode } from "@ais/wire/smap.ts";
import { AIS_VERSION } from "@ais/wire/version.ts";
import { finishStop } from "./finish-stop.ts";
import { applyConfig, initialConfig, offerTracing } from "./node-config.ts";
import {
  DRAIN_DEADLINE_MS,
  IDLE_TIMEOUT_MS,
  LEAVE_DEADLINE_MS,
  REDIRECT_GRACE_MS,
  TRACE_FLUSH_DEADLINE_MS,
  TRACE_SECRET,
  WORKER_STOP_DEADLINE_MS,
} from "./node-constants.ts";
import { nodeFacts } from "./node-facts.ts";
import { nodeTracing } from "./node-tracing.ts";
import { createPool, startWorkers } from "./node-workers.ts";
import { openFileLimits } from "./open-file-limits.ts";
import type { Environment, NodeOptions, ParsedOptions } from "./options.ts";
import { countedIntraAuth, exposeConnections } from "./process-metrics.ts";
import { ROLES } from "./roles.ts";
import { selfNode } from "./self-node.ts";
import { listen, listenFirst, within } from "./start-stop.ts";
import { TEST_FAULTS_VARIABLE, testFaults } from "./test-faults.ts";
import { chooseTracing } from "./tracing-section.ts";
import { waitForCluster } from "./wait-for-cluster.ts";

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
  const pool = createPool(options, env, tracing, logger);
  const server = await (pool === null ? listen : listenFirst)(role.startServer, {
    hostname: options["listen-address"],
    port: options.port,
    handler: gate.handler,
    idleTimeoutMs: IDLE_TIMEOUT_MS,
    logger,
    pace: { ...DEFAULT_PACE, windowMs: options["slow-client-seconds"] * 1000 },
    connectionCount: Math.ceil(connectionCount / options.workers),
    onLimit: (limit) => limits.hit(limit),
  });
  let hasJoined = false;
  stack.defer(async () => {
    if (hasJoined) await sleep(REDIRECT_GRACE_MS);
    // What workers relay is served here until they have ended.
    await Promise.all([server.stop(DRAIN_DEADLINE_MS), pool?.stop(WORKER_STOP_DEADLINE_MS)]);
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
  exposeConnections(metrics, server);
  const intraAuth = await countedIntraAuth(coordinator, id, metrics);
  const facts = await nodeFacts(options, { id, port: server.port, startedMonotonicMs });
  const onTail = pool === null ? {} : { onTail: (traceId: string) => pool.exportTraces([traceId]) };
  const requests = createNodeRequests({ nodeId: id, member, tracing, logger, metrics, intraAuth, ...onTail });
  stack.defer(() => requests.close());
  let stopRequest: StopRequest | null = null;
  const stopNode = (request: StopRequest): void => {
    stopRequest ??= request;
    stop(request.reason);
  };
  const system = createSystemInfo(systemClock);
  const node = { member, tracing, metrics, logger, facts, requests, jobs, nodeConfig, system };
  const services: NodeServices = { ...node, intraAuth, stopNode, workers: pool ?? NO_WORKERS };
  const faults = announcedFaults(env, logger);
  const host = await role.create(services, options, roleResources, { faults, openWriteCount }, pool);
  gate.open(host.handler);
  if (pool !== null) await startWorkers(pool, host, services, server.port, stack);

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
  const tracing = nodeTracing({ options, nodeId: id, env, logger }, overrides.createTracing);
  stack.defer(() => tracing.stop(TRACE_FLUSH_DEADLINE_MS));
  return { id, logger, tracing, signal, stop };
}

/** To be asked to stop while waiting is no failure. */
function ignoreStop(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}
