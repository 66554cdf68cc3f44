/** How this node appears in the cluster map. */
import { loadHrw } from "@ais/hrw/hrw.ts";
import type { DaemonType, Snode } from "@ais/wire/smap.ts";

export interface SelfNodeOptions {
  readonly id: string;
  readonly role: DaemonType;
  /** As clients and other nodes reach it. */
  readonly hostname: string;
  readonly port: number;
}

/** One listener serves the three nets. */
export async function selfNode({ id, role, hostname, port }: SelfNodeOptions): Promise<Snode> {
  const urlHost = hostname.includes(":") && !hostname.startsWith("[") ? `[${hostname}]` : hostname;
  const net = {
    node_ip_addr: hostname,
    daemon_port: String(port),
    direct_url: `http://${urlHost}:${port}`,
  };
  return {
    public_net: net,
    intra_control_net: net,
    intra_data_net: net,
    daemon_type: role,
    daemon_id: id,
    flags: 0,
    id_digest: (await loadHrw()).digest(id),
  };
}
