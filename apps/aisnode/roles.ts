/** What differs between the roles when a node starts. */
import { systemClock } from "@ais/base/clock.ts";
import type { NodeServices } from "@ais/node/call.ts";
import type { HttpHandler, StartHttpServer } from "@ais/node/http/types.ts";
import type { Channel } from "@ais/node/workers/channel.ts";
import type { ToMain, ToWorker } from "@ais/node/workers/protocol.ts";
import type { WorkerRole } from "@ais/node/workers/running-worker.ts";
import type { RoleHost } from "@ais/node/workers/worker-host.ts";
import type { WorkerPool } from "@ais/node/workers/worker-pool.ts";
import { createProxy, startProxyServer } from "@ais/proxy/proxy.ts";
import { createProxyWorker } from "@ais/proxy/worker.ts";
import type { StorageFaults } from "@ais/storage/faults.ts";
import { createTarget, startTargetServer } from "@ais/target/target.ts";
import { createTargetWorker } from "@ais/target/worker.ts";
import type { DaemonType } from "@ais/wire/smap.ts";
import type { NodeOptions } from "./options.ts";
import { ownedClusterUuid } from "./owned-cluster.ts";

export interface Role {
  readonly startServer: StartHttpServer;
  /** A proxy makes the cluster when there is none; the others wait for it. */
  readonly createsCluster: boolean;
  /** The cluster whose data this node holds; null when it holds none. */
  ownedClusterUuid(options: NodeOptions): Promise<string | null>;
  /** Builds what serves requests, alone or with workers; what it must give back at the end goes onto the stack. */
  create(
    services: NodeServices,
    options: NodeOptions,
    stack: AsyncDisposableStack,
    storage: StorageChoices,
    pool: WorkerPool | null,
  ): Promise<RoleHost>;
  /** The same for a worker. */
  createWorker(parts: WorkerParts, options: NodeOptions, stack: AsyncDisposableStack): Promise<WorkerService>;
}

export interface WorkerParts {
  readonly services: NodeServices;
  readonly channel: Channel<ToMain, ToWorker>;
  /** Hands a request to the main process. */
  readonly relay: HttpHandler;
  readonly processCount: number;
  readonly storage: StorageChoices;
}

export interface WorkerService {
  readonly handler: HttpHandler;
  readonly role: WorkerRole;
}

export interface StorageChoices {
  /** Tests'. */
  readonly faults: StorageFaults | null;
  readonly openWriteCount: number;
}

export const ROLES: Readonly<Record<DaemonType, Role>> = {
  proxy: {
    startServer: startProxyServer,
    createsCluster: true,
    ownedClusterUuid: async () => null,
    create: async (services, _options, stack) => stack.use(await createProxy(services)).host,
    createWorker: async ({ services, relay }) => ({
      handler: await createProxyWorker(services, relay, systemClock),
      role: { runs: new Map(), held: () => [], writers: () => 0 },
    }),
  },
  target: {
    startServer: startTargetServer,
    createsCluster: false,
    ownedClusterUuid: (options) => ownedClusterUuid(options.mountpath),
    create: async (services, options, stack, { faults, openWriteCount }, pool) => {
      const target = await createTarget({
        ...services,
        mountpaths: options.mountpath,
        promoteRoot: options["promote-root"],
        limits: { openWriteCount },
        ...(faults === null ? {} : { faults }),
        ...(pool === null ? {} : { pool }),
      });
      return stack.use(target).host;
    },
    createWorker: async (parts, options, stack) =>
      stack.use(
        await createTargetWorker({
          ...parts,
          mountpaths: options.mountpath,
          promoteRoot: options["promote-root"],
          clock: systemClock,
        }),
      ),
  },
};
