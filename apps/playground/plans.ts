import { join } from "node:path";
import type { NodeCounts } from "./counts.ts";
import type { ProcessPlan } from "./processes.ts";

/** The first node's port unless `PORT` says another; every further node takes the next one (wire-compat 1.2). */
export const FIRST_PORT = 8080;
export const QUERY_PORT = 16686;
export const OTLP_GRPC_PORT = 4317;
export const OTLP_HTTP_PORT = 4318;
const HOST = "127.0.0.1";

/** Proxies first, then targets, as AIStore's own playground numbers them. */
export function nodePlans(
  counts: NodeCounts,
  directory: string,
  { workers = 1, firstPort = FIRST_PORT }: { readonly workers?: number; readonly firstPort?: number } = {},
): readonly ProcessPlan[] {
  const roles = [
    ...Array.from({ length: counts.proxies }, (_, i) => ({ kind: "proxy" as const, folder: `p${i + 1}` })),
    ...Array.from({ length: counts.targets }, (_, i) => ({ kind: "target" as const, folder: `t${i + 1}` })),
  ];
  return roles.map(({ kind, folder }, i) => {
    const port = firstPort + i;
    const url = `http://${HOST}:${port}`;
    const home = join(directory, folder);
    return {
      kind,
      folder,
      url,
      readyUrl: `${url}/v1/health?readiness=true`,
      command: "dist/aisnode/aisnode",
      args: [
        `--role=${kind}`,
        `--port=${port}`,
        `--hostname=${HOST}`,
        `--config-dir=${join(home, "conf")}`,
        `--log-dir=${join(home, "log")}`,
        // All share this machine's disk, whose capacity clients are to count once.
        "--deployment=dev",
        `--coordinator=sqlite:${join(directory, "cluster.db")}`,
        ...(kind === "target" ? [`--mountpath=${join(home, "mp1")}`] : []),
        ...(workers > 1 ? [`--workers=${workers}`] : []),
      ],
    };
  });
}

export interface ReceiverPorts {
  readonly grpc: number;
  readonly http: number;
}

export function aistracePlan(ports: ReceiverPorts, directory: string): ProcessPlan {
  const url = `http://localhost:${QUERY_PORT}`;
  return {
    kind: "aistrace",
    folder: "aistrace",
    url,
    readyUrl: `http://${HOST}:${QUERY_PORT}/healthz`,
    command: "node_modules/.bin/bun",
    args: [
      "apps/aistrace/main.ts",
      `--otlp-grpc-port=${ports.grpc}`,
      `--otlp-http-port=${ports.http}`,
      `--query-port=${QUERY_PORT}`,
      `--data-dir=${join(directory, "aistrace", "data")}`,
    ],
  };
}
