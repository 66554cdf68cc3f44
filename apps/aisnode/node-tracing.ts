import { hostname as machineName } from "node:os";
import { systemClock } from "@ais/base/clock.ts";
import type { Logger } from "@ais/base/log.ts";
import { createTracing } from "@ais/tracing";
import type { CreateTracing, Tracing } from "@ais/tracing/types.ts";
import { AIS_VERSION } from "@ais/wire/version.ts";
import type { Environment, NodeOptions } from "./options.ts";

export interface NodeTracingOptions {
  readonly options: NodeOptions;
  readonly nodeId: string;
  readonly env: Environment;
  readonly logger: Logger;
}

/** All processes of a node are one instance of a service. */
export function nodeTracing(
  { options, nodeId, env, logger }: NodeTracingOptions,
  create: CreateTracing = createTracing,
): Tracing {
  return create({
    role: options.role,
    nodeId,
    version: AIS_VERSION,
    hostname: machineName(),
    address: options.hostname,
    env,
    logger,
    clock: systemClock,
  });
}
