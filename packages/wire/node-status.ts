/** State of nodes as the command line reads it (wire-compat 5.3). */
import type { JobSnap } from "./jobs/job-snap.ts";
import type { Rmd } from "./rmd.ts";
import type { Smap, Snode } from "./smap.ts";

/** Used and available bytes are strings on the wire. */
export interface Cdf {
  readonly mountpath_label: string;
  readonly fs: { readonly Fs: string; readonly FsType: string; readonly FsID: string };
  readonly disks: readonly string[];
  readonly used: string;
  readonly avail: string;
  readonly pct_used: number;
}

export interface Tcdf {
  readonly mountpaths: Readonly<Record<string, Cdf>>;
  /** Text of the capacity problem; empty when there is none. */
  readonly cs_err: string;
  readonly total_used: string;
  readonly total_avail: string;
  readonly pct_max: number;
  readonly pct_avg: number;
  readonly pct_min: number;
}

export interface LoadAverage {
  readonly One: number;
  readonly Five: number;
  readonly Fifteen: number;
}

/** Bytes. `Actual…` counts what the system can give back at once as free. */
export interface MachineMemory {
  readonly Total: number;
  readonly Used: number;
  readonly Free: number;
  readonly BuffCache: number;
  readonly ActualFree: number;
  readonly ActualUsed: number;
  readonly SwapTotal: number;
  readonly SwapFree: number;
  readonly SwapUsed: number;
}

/** Bytes. */
export interface ProcessMemory {
  readonly Size: number;
  readonly Resident: number;
  readonly Share: number;
}

/** Milliseconds; `Percent` of one processor, over the life of the process. */
export interface ProcessCpu {
  readonly User: number;
  readonly System: number;
  readonly Total: number;
  readonly LastTime: number;
  readonly Percent: number;
}

export interface MemCpuInfo {
  /** Bytes: used by this process, available on the machine. */
  readonly mem_used: number;
  readonly mem_avail: number;
  /** Of the machine's memory, by this process. */
  readonly pct_mem_used: number;
  /** By this process. */
  readonly pct_cpu_used: number;
  readonly load_avg: LoadAverage;
  /** Percent of the machine's processors. */
  readonly cpu_util: number;
  readonly mem: MachineMemory;
  readonly proc: { readonly CPU: ProcessCpu; readonly Mem: ProcessMemory };
}

/** `what=node_stats`. */
export interface Node {
  readonly snode: Snode;
  /** Counters under internal names. `up.ns.time` feeds the UPTIME column; 0 shows as `-`. */
  readonly tracker: Readonly<Record<string, number | bigint>>;
  readonly capacity: Tcdf;
}

/** Versions are strings on the wire. */
export interface NodeStateInfo {
  readonly smap: {
    readonly Primary: { readonly pub_url: string; readonly control_url: string; readonly id: string };
    readonly uuid: string;
    readonly version: string;
  };
  readonly bmd: { readonly uuid: string; readonly version: string };
  readonly rmd: { readonly uuid: string; readonly version: string };
  readonly config: { readonly uuid: string; readonly version: string };
  readonly etlmd: { readonly uuid: string; readonly version: string };
  /** Bits of `STATE_FLAGS`. */
  readonly flags: number;
}

/** `what=node_status`. */
export interface NodeStatus extends Node {
  /** Empty when all is well: clients then derive the state from the flags of the Snode. */
  readonly status: string;
  /** `K8s`, `dev` (all nodes share one disk) or the name of the operating system. */
  readonly deployment: string;
  readonly ais_version: string;
  readonly build_time: string;
  readonly k8s_pod_name: string;
  readonly cluster: NodeStateInfo;
  readonly sys_info: MemCpuInfo;
  readonly smap_version: string;
  /** Of the newest rebalance that the node took part in. */
  readonly rebalance_snap?: JobSnap;
}

export const STATE_FLAGS = {
  voteInProgress: 1 << 0,
  clusterStarted: 1 << 1,
  nodeStarted: 1 << 2,
  rebalancing: 1 << 3,
  rebalanceInterrupted: 1 << 4,
  resilvering: 1 << 5,
  resilverInterrupted: 1 << 6,
  nodeRestarted: 1 << 7,
  outOfSpace: 1 << 8,
  outOfMemory: 1 << 9,
  maintenance: 1 << 10,
  lowCapacity: 1 << 11,
  lowMemory: 1 << 12,
  diskFault: 1 << 13,
  keepAliveErrors: 1 << 19,
  outOfCpu: 1 << 20,
  lowCpu: 1 << 21,
  diskOutOfSpace: 1 << 22,
  diskLowCapacity: 1 << 23,
} as const;

/** Any other value makes the command line show an alert. */
export const HEALTHY_STATE_FLAGS = STATE_FLAGS.clusterStarted | STATE_FLAGS.nodeStarted;

/** Of a proxy, and of a target that knows no capacity yet. */
export const EMPTY_TCDF: Tcdf = {
  mountpaths: {},
  cs_err: "",
  total_used: "0",
  total_avail: "0",
  pct_max: 0,
  pct_avg: 0,
  pct_min: 0,
};

export interface MountpathUsage {
  readonly path: string;
  readonly usedBytes: number;
  readonly availableBytes: number;
  readonly fsType: string;
  /** Mountpaths of one file system share it; the command line counts such capacity once. */
  readonly fsId: string;
  readonly device: string;
  readonly disks?: readonly string[];
}

/** Totals count each file system once. */
export function tcdf(mountpaths: readonly MountpathUsage[]): Tcdf {
  if (mountpaths.length === 0) return EMPTY_TCDF;
  const byFileSystem = new Map(mountpaths.map((usage) => [usage.fsId, usage]));
  const percents = mountpaths.map(percentUsed);
  const sum = (value: (usage: MountpathUsage) => number): string =>
    String([...byFileSystem.values()].reduce((total, usage) => total + value(usage), 0));
  return {
    mountpaths: Object.fromEntries(mountpaths.map((usage) => [usage.path, cdf(usage)])),
    cs_err: "",
    total_used: sum((usage) => usage.usedBytes),
    total_avail: sum((usage) => usage.availableBytes),
    pct_max: Math.max(...percents),
    pct_avg: Math.round(percents.reduce((total, percent) => total + percent, 0) / percents.length),
    pct_min: Math.min(...percents),
  };
}

/** What a target's `what=sysinfo` says besides (wire-compat 5.3). */
export function spaceInfo({ total_used, total_avail, pct_avg }: Tcdf): SpaceInfo {
  const total = BigInt(total_used) + BigInt(total_avail);
  return { fs_used: total_used, fs_capacity: total.toString(), pct_fs_used: pct_avg };
}

export interface SpaceInfo {
  readonly fs_used: string;
  readonly fs_capacity: string;
  readonly pct_fs_used: number;
}

function cdf(usage: MountpathUsage): Cdf {
  return {
    mountpath_label: "",
    fs: { Fs: usage.device, FsType: usage.fsType, FsID: usage.fsId },
    disks: usage.disks ?? [],
    used: String(usage.usedBytes),
    avail: String(usage.availableBytes),
    pct_used: percentUsed(usage),
  };
}

function percentUsed(usage: MountpathUsage): number {
  const totalBytes = usage.usedBytes + usage.availableBytes;
  return totalBytes === 0 ? 0 : Math.round((usage.usedBytes * 100) / totalBytes);
}

export interface NodeStateInput {
  readonly smap: Smap;
  readonly bmd: { readonly uuid: string; readonly version: string };
  readonly config: { readonly uuid: string; readonly config_version: string };
  readonly rmd: Pick<Rmd, "cluster_id" | "version">;
  readonly flags: number;
}

export function nodeStateInfo(input: NodeStateInput): NodeStateInfo {
  const { smap, bmd, config, rmd, flags } = input;
  const primary = smap.proxy_si;
  return {
    smap: {
      Primary: {
        pub_url: primary?.public_net.direct_url ?? "",
        control_url: primary?.intra_control_net.direct_url ?? "",
        id: primary?.daemon_id ?? "",
      },
      uuid: smap.uuid,
      version: smap.version,
    },
    bmd: { uuid: bmd.uuid, version: bmd.version },
    rmd: { uuid: rmd.cluster_id, version: rmd.version },
    config: { uuid: config.uuid, version: config.config_version },
    etlmd: { uuid: "", version: "0" },
    flags,
  };
}
