import { platform } from "node:os";
import type { NodeFacts } from "@ais/node/facts.ts";
import { localConfig } from "@ais/wire/local-config.ts";
import { buildTime } from "./build-info.ts";
import type { NodeOptions } from "./options.ts";

const DEVELOPMENT = "dev";

export interface StartFacts {
  readonly id: string;
  readonly port: number;
  readonly startedMonotonicMs: number;
}

export async function nodeFacts(options: NodeOptions, start: StartFacts): Promise<NodeFacts> {
  const deployment = options.deployment || (options["pod-name"] === "" ? platform() : "K8s");
  return {
    role: options.role,
    id: start.id,
    startedMonotonicMs: start.startedMonotonicMs,
    localConfig: localConfig({
      mountpaths: options.mountpath,
      confDir: options["config-dir"],
      logDir: options["log-dir"],
      hostname: options.hostname,
      port: start.port,
      // Clients count the capacity of such a cluster once, since its nodes share a disk.
      ...(deployment === DEVELOPMENT ? { testRoot: options["config-dir"] } : {}),
    }),
    deployment,
    podName: options["pod-name"],
    buildTime: await buildTime(),
  };
}
