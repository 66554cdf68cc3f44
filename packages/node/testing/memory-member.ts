/** A cluster in memory, for tests. What the coordinator holds may be ahead of the snapshot (`newest`). */
import type { ClusterMember, SnapshotChange } from "@ais/cluster/member.ts";
import type { ClusterSnapshot, DocumentName } from "@ais/cluster/snapshot.ts";
import { type Bmd, emptyBmd } from "@ais/wire/bmd.ts";
import { type ClusterConfig, defaultClusterConfig } from "@ais/wire/cluster-config.ts";
import { emptyRmd, type Rmd } from "@ais/wire/rmd.ts";
import { type DaemonType, emptySmap, type Snode } from "@ais/wire/smap.ts";

export class MemoryMember implements ClusterMember {
  snapshot: ClusterSnapshot;
  newest: ClusterSnapshot;
  readonly self: Snode;
  isPrimary = false;
  isReady = true;
  refreshes = 0;
  readonly #listeners = new Set<(change: SnapshotChange) => void>();

  constructor(self: Snode, peers: readonly Snode[] = []) {
    this.self = self;
    const nodes = [self, ...peers];
    const map = (role: DaemonType) =>
      Object.fromEntries(
        nodes.filter((node) => node.daemon_type === role).map((node) => [node.daemon_id, node]),
      );
    this.snapshot = {
      smap: {
        ...emptySmap(),
        pmap: map("proxy"),
        tmap: map("target"),
        proxy_si: nodes.find((node) => node.daemon_type === "proxy") ?? null,
        uuid: "cluster-uuid",
        version: "3",
      },
      bmd: { ...emptyBmd(), uuid: "bmd-uuid", version: "1" },
      config: { ...defaultClusterConfig(), uuid: "cluster-uuid", config_version: "1" },
      rmd: { ...emptyRmd(), version: "1", target_ids: Object.keys(map("target")) },
    };
    this.newest = this.snapshot;
  }

  /** Changes what the coordinator holds; the snapshot follows at the next refresh or `deliver`. */
  changeBmd(change: (bmd: Bmd) => Bmd): void {
    const { bmd } = this.newest;
    this.newest = { ...this.newest, bmd: { ...change(bmd), version: String(Number(bmd.version) + 1) } };
  }

  changeConfig(change: (config: ClusterConfig) => ClusterConfig): void {
    const { config } = this.newest;
    const config_version = String(Number(config.config_version) + 1);
    this.newest = { ...this.newest, config: { ...change(config), config_version } };
  }

  /** As the watch does: the snapshot is replaced, then the listeners are told. */
  deliver(document: DocumentName): void {
    const before = this.snapshot;
    if (before[document] === this.newest[document]) return;
    this.snapshot = { ...before, [document]: this.newest[document] };
    for (const listener of this.#listeners) listener({ document, before, after: this.snapshot });
  }

  async refresh(document: DocumentName): Promise<ClusterSnapshot> {
    this.refreshes++;
    this.deliver(document);
    return this.snapshot;
  }

  async updateBmd(change: (current: Bmd) => Bmd | null): Promise<ClusterSnapshot> {
    this.changeBmd((bmd) => change(bmd) ?? bmd);
    return this.refresh("bmd");
  }

  async updateConfig(change: (current: ClusterConfig) => ClusterConfig | null): Promise<ClusterSnapshot> {
    this.changeConfig((config) => change(config) ?? config);
    return this.refresh("config");
  }

  async updateRmd(change: (current: Rmd) => Rmd | null): Promise<ClusterSnapshot> {
    const { rmd } = this.newest;
    this.newest = {
      ...this.newest,
      rmd: { ...(change(rmd) ?? rmd), version: String(Number(rmd.version) + 1) },
    };
    return this.refresh("rmd");
  }

  async handOverPrimary(): Promise<void> {}

  onChange(listener: (change: SnapshotChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async run(): Promise<void> {}
  async ready(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}

export function memoryNode(role: DaemonType, id: string, port: number, digest = 1n): Snode {
  const net = {
    node_ip_addr: "127.0.0.1",
    daemon_port: String(port),
    direct_url: `http://127.0.0.1:${port}`,
  };
  return {
    public_net: net,
    intra_control_net: net,
    intra_data_net: net,
    daemon_type: role,
    daemon_id: id,
    flags: 0,
    id_digest: digest,
  };
}
