/** The workers of a node, as its main process starts them. */
import type { NodeServices } from "@ais/node/call.ts";
import { documentVersion } from "@ais/node/intra-sync.ts";
import type { NodeLogger } from "@ais/node/logger.ts";
import type { RoleHost } from "@ais/node/workers/worker-host.ts";
import { WorkerPool } from "@ais/node/workers/worker-pool.ts";
import type { WorkerCommand } from "@ais/node/workers/worker-process.ts";
import type { Tracing } from "@ais/tracing/types.ts";
import type { Environment, NodeOptions } from "./options.ts";

/** Null for a node of one process. */
export function createPool(
  { workers }: NodeOptions,
  env: Environment,
  tracing: Tracing,
  logger: NodeLogger,
): WorkerPool | null {
  if (workers === 1) return null;
  return new WorkerPool({ count: workers - 1, command: workerCommand(env), tracing, logger });
}

/** The same program with the same options: what a worker needs beyond them it is told when it starts. */
function workerCommand(env: Environment): WorkerCommand {
  const [, script = "", ...flags] = process.argv;
  return { program: process.execPath, args: [...process.execArgv, script, ...flags], env };
}

/** Resolves when all of them serve, or have failed to start once; they follow the node's documents until `stack` ends. */
export async function startWorkers(
  pool: WorkerPool,
  host: RoleHost,
  { member, logger, metrics, facts, nodeConfig }: NodeServices,
  port: number,
  stack: AsyncDisposableStack,
): Promise<void> {
  pool.expose(metrics);
  stack.defer(
    member.onChange(({ document, after }) => pool.follow(document, documentVersion(after, document))),
  );
  const { uuid: clusterUuid } = member.snapshot.config;
  await pool.start({ ...host, log: (lines) => logger.append(lines) }, () => ({
    ...{ nodeId: facts.id, port, clusterUuid },
    verbosity: logger.verbosity,
    settings: nodeConfig.settings,
  }));
}
