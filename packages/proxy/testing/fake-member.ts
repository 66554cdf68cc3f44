/** A cluster in memory, for tests of handlers. */
import type { ClusterMember, SnapshotChange } from "@ais/cluster/member.ts";
import type { ClusterSnapshot, DocumentName } from "@ais/cluster/snapshot.ts";
import { aisBucket, type Bck } from "@ais/wire/bck.ts";
import { type Bmd, emptyBmd, withBucket } from "@ais/wire/bmd.ts";
import { defaultBprops } from "@ais/wire/bprops.ts";
import { type ClusterConfig, defaultClusterConfig } from "@ais/wire/cluster-config.ts";
import { type DaemonType, emptySmap, type Snode } from "@ais/wire/smap.ts";

export function fakeNode(id: string, daemonType: DaemonType, url: string, digest: bigint): Snode {
  const { hostname, port } = new URL(url);
  const net = { node_ip_addr: hostname, daemon_port: port, direct_url: url };
  return {
    public_net: net,
    intra_control_net: net,
    intra_data_net: net,
    daemon_type: daemonType,
    daemon_id: id,
    flags: 0,
    id_digest: digest,
  };
}

export function fakeSnapshot(
  self: Snode,
  targets: readonly Snode[],
  buckets: readonly Bck[],
): ClusterSnapshot {
  const config = { ...defaultClusterConfig(), uuid: "cluster-1", config_version: "1" };
  let bmd: Bmd = { ...emptyBmd(), version: "5" };
  for (const [index, bucket] of buckets.entries()) {
    bmd = withBucket(bmd, bucket, defaultBprops(config, { bid: BigInt(index + 1), createdNs: 1n }));
  }
  return {
    smap: {
      ...emptySmap(),
      pmap: { [self.daemon_id]: self },
      tmap: Object.fromEntries(targets.map((target) => [target.daemon_id, target])),
      proxy_si: self,
      version: "7",
    },
    bmd,
    config,
  };
}

/** What the coordinator holds may be ahead of the snapshot (`coordinated`), as after a change by another proxy. */
export class FakeMember implements ClusterMember {
  snapshot: ClusterSnapshot;
  coordinated: ClusterSnapshot;
  readonly self: Snode;
  isPrimary = true;
  isReady = true;
  refreshes: DocumentName[] = [];

  constructor(self: Snode, snapshot: ClusterSnapshot) {
    this.self = self;
    this.snapshot = snapshot;
    this.coordinated = snapshot;
  }

  async refresh(document: DocumentName): Promise<ClusterSnapshot> {
    this.refreshes.push(document);
    this.snapshot = { ...this.snapshot, [document]: this.coordinated[document] };
    return this.snapshot;
  }

  async updateBmd(change: (current: Bmd) => Bmd | null): Promise<ClusterSnapshot> {
    const { bmd } = this.coordinated;
    const changed = change(bmd);
    return this.#commit(changed === null ? {} : { bmd: { ...changed, version: next(bmd.version) } });
  }

  async updateConfig(change: (current: ClusterConfig) => ClusterConfig | null): Promise<ClusterSnapshot> {
    const { config } = this.coordinated;
    const changed = change(config);
    return this.#commit(
      changed === null ? {} : { config: { ...changed, config_version: next(config.config_version) } },
    );
  }

  #commit(change: Partial<ClusterSnapshot>): ClusterSnapshot {
    this.coordinated = { ...this.coordinated, ...change };
    this.snapshot = this.coordinated;
    return this.snapshot;
  }

  onChange(_listener: (change: SnapshotChange) => void): () => void {
    return () => {};
  }

  async run(): Promise<void> {}
  async ready(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}

function next(version: string): string {
  return String(BigInt(version) + 1n);
}

export const NNN = aisBucket("nnn");
