/** The part of the configuration that belongs to one node, and `what=config`: both parts in one object (wire-compat 5.7). */
import type { ClusterConfig } from "./cluster-config.ts";

export interface LocalConfig {
  /** Mountpath to label; a plain map, empty on proxies. */
  readonly fspaths: Readonly<Record<string, string>>;
  readonly confdir: string;
  readonly log_dir: string;
  /** Count above 0 marks a deployment of which the nodes share one disk. */
  readonly test_fspaths: { readonly root: string; readonly count: number; readonly instance: number };
  readonly host_net: HostNet;
}

/** Ports are strings on the wire. */
export interface HostNet {
  readonly hostname: string;
  readonly hostname_intra_control: string;
  readonly hostname_intra_data: string;
  readonly port: string;
  readonly port_intra_control: string;
  readonly port_intra_data: string;
}

export type NodeConfig = ClusterConfig & LocalConfig;

export interface LocalConfigInput {
  readonly mountpaths: readonly string[];
  readonly confDir: string;
  readonly logDir: string;
  readonly hostname: string;
  readonly port: number;
  /** Set when the nodes of a deployment share one disk. */
  readonly testRoot?: string;
  readonly instance?: number;
}

/** One listener serves the three nets, so all of them get the same host and port. */
export function localConfig(input: LocalConfigInput): LocalConfig {
  const port = String(input.port);
  return {
    fspaths: Object.fromEntries(input.mountpaths.map((path) => [path, ""])),
    confdir: input.confDir,
    log_dir: input.logDir,
    test_fspaths: {
      root: input.testRoot ?? "",
      count: input.testRoot === undefined ? 0 : input.mountpaths.length,
      instance: input.instance ?? 0,
    },
    host_net: {
      hostname: input.hostname,
      hostname_intra_control: input.hostname,
      hostname_intra_data: input.hostname,
      port,
      port_intra_control: port,
      port_intra_data: port,
    },
  };
}

/** What `what=config` answers. */
export function nodeConfig(cluster: ClusterConfig, local: LocalConfig): NodeConfig {
  return { ...cluster, ...local };
}
