/** The life of a worker of a node from start to stop, beside that of its main process (run-node.ts). */
import { must } from "@ais/base/assert.ts";
import { systemClock } from "@ais/base/clock.ts";
import { LimitTally } from "@ais/base/limits.ts";
import type { Logger } from "@ais/base/log.ts";
import { clusterSecret } from "@ais/cluster/cluster-secret.ts";
import { openCoordinator } from "@ais/cluster/coordinator/open.ts";
import { CoordinatedJobs } from "@ais/cluster/jobs/coordinated-jobs.ts";
import { observeCluster } from "@ais/cluster/observer.ts";
import type { NodeServices } from "@ais/node/call.ts";
import { DEFAULT_PACE } from "@ais/node/http/body-pace.ts";
import { createNodeLogger, type NodeLogger } from "@ais/node/logger.ts";
import { createNodeMetrics } from "@ais/node/metrics/node-metrics.ts";
import { followedNodeConfigs } from "@ais/node/node-config.ts";
import { createNodeRequests } from "@ais/node/requests/node-requests.ts";
import { createSystemInfo } from "@ais/node/system-info.ts";
import { Channel } from "@ais/node/workers/channel.ts";
import { ChannelLog } from "@ais/node/workers/channel-log.ts";
import { endWithParent } from "@ais/node/workers/parent-death.ts";
import type { ToMain, ToWorker, WorkerStart } from "@ais/node/workers/protocol.ts";
import { RelayToMain } from "@ais/node/workers/relay-to-main.ts";
import { type RunningWorker, workerFigures, workerHandlers } from "@ais/node/workers/running-worker.ts";
import { WORKER_VARIABLE } from "@ais/node/workers/worker-process.ts";
import { NO_WORKERS } from "@ais/node/workers/workers.ts";
import { nodeName } from "@ais/wire/smap.ts";
import { applyConfig } from "./node-config.ts";
import {
  DRAIN_DEADLINE_MS,
  IDLE_TIMEOUT_MS,
  TRACE_FLUSH_DEADLINE_MS,
  TRACE_SECRET,
} from "./node-constants.ts";
import { nodeFacts } from "./node-facts.ts";
import { nodeTracing } from "./node-tracing.ts";
import { openFileLimits } from "./open-file-limits.ts";
import type { Environment, ParsedOptions } from "./options.ts";
import { countedIntraAuth, exposeConnections } from "./process-metrics.ts";
import { ROLES } from "./roles.ts";
import { selfNode } from "./self-node.ts";
import { listen } from "./start-stop.ts";
import { testFaults } from "./test-faults.ts";
import { chooseTracing } from "./tracing-section.ts";

type MainChannel = Channel<ToMain, ToWorker>;

/** What a worker has counted goes to the main process this often, in case the worker is killed. */
const FIGURES_INTERVAL_MS = 1000;

export function isWorker(env: Environment): boolean {
  return (env[WORKER_VARIABLE] ?? "") !== "";
}

/** Resolves when the worker has stopped as asked; rejects when it cannot start or cannot go on. */
export async function runWorker(parsed: ParsedOptions, env: Environment): Promise<void> {
  endWithParent(Number(env[WORKER_VARIABLE]), () => process.exit(1));
  // A terminal and a supervisor signal all processes of a daemon; the main one decides what they do.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
  const send = must(process.send, `${WORKER_VARIABLE} is set by a main process only`).bind(process);
  await using stack = new AsyncDisposableStack();
  const stopping = new AbortController();
  const sink = new ChannelLog((lines) => channel.ask("log", lines).then(ignore, ignore));
  const failed = Promise.withResolvers<never>();
  const handlers = workerHandlers({
    start: (message) =>
      startWorker(parsed, env, message, channel, sink, stack).catch((error) => {
        failed.reject(error);
        throw error;
      }),
    stop: () => stopping.abort(),
    channel: () => channel,
  });
  const channel: MainChannel = new Channel((message) => void send(message), handlers, channelLogger(sink));
  process.on("message", (message) => channel.receive(message));
  await Promise.race([aborted(stopping.signal), failed.promise]);
}

async function startWorker(
  parsed: ParsedOptions,
  env: Environment,
  start: WorkerStart,
  channel: MainChannel,
  sink: ChannelLog,
  stack: AsyncDisposableStack,
): Promise<RunningWorker> {
  const { options } = parsed;
  const { nodeId, port } = start;
  const role = ROLES[options.role];
  const tracingChoice = chooseTracing(parsed);
  // Disposed of in reverse, as in the main process: finish requests, close the storage, flush spans, flush the log.
  const logger = stack.use(await workerLogger(parsed, start, sink));
  const tracing = nodeTracing({ options, nodeId, env, logger });
  stack.defer(() => tracing.stop(TRACE_FLUSH_DEADLINE_MS));
  const coordinator = stack.use(await openCoordinator(options.coordinator));
  const jobs = stack.use(new CoordinatedJobs(coordinator, logger));
  const self = await selfNode({ id: nodeId, role: options.role, hostname: options.hostname, port });
  const { clusterUuid } = start;
  const member = stack.use(
    await observeCluster({ coordinator, self, clusterUuid, logger, tracing, clock: systemClock }),
  );
  const traceKey = await clusterSecret(coordinator, TRACE_SECRET);
  const nodeConfig = stack.use(followedNodeConfigs({ member, logger }, start.settings));
  stack.defer(await applyConfig(nodeConfig, logger, tracing, tracingChoice, parsed, traceKey));
  const roleResources = stack.use(new AsyncDisposableStack());

  const limits = new LimitTally();
  const { connectionCount, openWriteCount } = openFileLimits(options, logger);
  const metrics = createNodeMetrics({ role: options.role, nodeId, tracing, limits });
  const intraAuth = await countedIntraAuth(coordinator, nodeId, metrics);
  const facts = await nodeFacts(options, { id: nodeId, port, startedMonotonicMs: systemClock.monotonicMs() });
  const onTail = (traceId: string): void => channel.tell("tailed", [traceId]);
  const requests = createNodeRequests({ nodeId, member, tracing, logger, metrics, intraAuth, onTail });
  const services: NodeServices = {
    ...{ member, tracing, metrics, logger, facts, requests, jobs, intraAuth, nodeConfig },
    system: createSystemInfo(systemClock),
    workers: NO_WORKERS,
    stopNode: onlyMainStops,
  };
  const relays = new RelayToMain(channel, facts);
  const { handler, role: parts } = await role.createWorker(
    {
      ...{ services, channel, relay: relays.handler },
      processCount: start.processCount,
      storage: { faults: testFaults(env), openWriteCount },
    },
    options,
    roleResources,
  );
  const server = await listen(role.startServer, {
    hostname: options["listen-address"],
    port,
    handler,
    idleTimeoutMs: IDLE_TIMEOUT_MS,
    sharesPort: true,
    logger,
    pace: { ...DEFAULT_PACE, windowMs: options["slow-client-seconds"] * 1000 },
    connectionCount: Math.ceil(connectionCount / start.processCount),
    onLimit: (limit) => limits.hit(limit),
  });
  exposeConnections(metrics, server);
  stack.defer(() => server.stop(DRAIN_DEADLINE_MS));
  stack.defer(() => requests.close());
  const report = setInterval(() => channel.tell("figures", workerFigures(services)), FIGURES_INTERVAL_MS);
  stack.defer(() => clearInterval(report));
  return { services, role: parts, relays };
}

function workerLogger(
  { options }: ParsedOptions,
  { nodeId, number, verbosity }: WorkerStart,
  sink: ChannelLog,
): Promise<NodeLogger> {
  return createNodeLogger({
    nodeName: nodeName({ daemon_type: options.role, daemon_id: nodeId }),
    directory: null,
    verbosity,
    worker: { number, sink },
  });
}

/** For what goes wrong between the processes, whether or not the worker has a log of its own by then. */
function channelLogger(sink: ChannelLog): Logger {
  return {
    log(level, msg, fields) {
      sink.write(`${JSON.stringify({ level, ts: new Date().toISOString(), ...fields, msg })}\n`);
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Who asks for that is handed on. */
function onlyMainStops(): never {
  throw new Error("a node is stopped by its main process");
}

function ignore(): void {}
