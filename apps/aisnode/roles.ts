/** What differs between the roles when a node starts. */
import type { NodeServices } from "@ais/node/call.ts";
import type { HttpHandler, StartHttpServer } from "@ais/node/http/types.ts";
import { createProxy, startProxyServer } from "@ais/proxy/proxy.ts";
import type { StorageFaults } from "@ais/storage/faults.ts";
import { createTarget, startTargetServer } from "@ais/target/target.ts";
import type { DaemonType } from "@ais/wire/smap.ts";
import type { NodeOptions } from "./options.ts";
import { ownedClusterUuid } from "./owned-cluster.ts";

export interface Role {
  readonly startServer: StartHttpServer;
  /** A proxy makes the cluster when there is none; the others wait for it. */
  readonly createsCluster: boolean;
  /** The cluster whose data this node holds; null when it holds none. */
  ownedClusterUuid(options: NodeOptions): Promise<string | null>;
  /** Builds what serves requests; what it must give back at the end goes onto the stack. */
  create(
    services: NodeServices,
    options: NodeOptions,
    stack: AsyncDisposableStack,
    storage: StorageChoices,
  ): Promise<HttpHandler>;
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
    create: async (services, _options, stack) => stack.use(await createProxy(services)).handler,
  },
  target: {
    startServer: startTargetServer,
    createsCluster: false,
    ownedClusterUuid: (options) => ownedClusterUuid(options.mountpath),
    create: async (services, options, stack, { faults, openWriteCount }) => {
      const target = await createTarget({
        ...services,
        mountpaths: options.mountpath,
        promoteRoot: options["promote-root"],
        limits: { openWriteCount },
        ...(faults === null ? {} : { faults }),
      });
      return stack.use(target).handler;
    },
  },
};
