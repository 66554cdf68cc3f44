/** A cluster whose nodes come and go, and clients that keep an account of what it owes them. */
import { systemClock } from "@ais/base/clock.ts";
import { clusterSecret } from "@ais/cluster/cluster-secret.ts";
import { openCoordinator } from "@ais/cluster/coordinator/open.ts";
import { INTRA_SECRET, IntraAuth } from "@ais/node/intra-auth.ts";
import type { TestCluster } from "@ais/testkit/cluster.ts";
import type { Daemon } from "@ais/testkit/daemon.ts";
import { JobClient, until } from "./jobs.fixture.ts";

const COORDINATOR_OPTION = "--coordinator=";

export interface SmapNode {
  readonly daemon_id: string;
  readonly flags: number;
}

export interface SmapView {
  readonly tmap: Readonly<Record<string, SmapNode>>;
  readonly pmap: Readonly<Record<string, SmapNode>>;
  readonly proxy_si: SmapNode;
  readonly version: string;
}

export class ClusterClient extends JobClient {
  readonly cluster: TestCluster;

  constructor(cluster: TestCluster) {
    super(cluster);
    this.cluster = cluster;
  }

  async smap(url = this.cluster.url): Promise<SmapView> {
    return (await (await fetch(`${url}/v1/daemon?what=smap`)).json()) as SmapView;
  }

  /** An action on nodes; the id of the rebalance, or an empty text. */
  changeNode(action: string, sid: string, options: object = {}): Promise<string> {
    return this.job("PUT", "/v1/cluster", action, { sid, skip_rebalance: false, ...options });
  }

  /** The node's bits in the cluster map, or null without it. */
  async flags(id: string): Promise<number | null> {
    const { tmap, pmap } = await this.smap();
    return (tmap[id] ?? pmap[id])?.flags ?? null;
  }

  untilFlags(id: string, flags: number | null, timeoutMs = 15_000): Promise<unknown> {
    return until(timeoutMs, `flags ${flags} of ${id}`, async () =>
      (await this.flags(id)) === flags ? true : null,
    );
  }

  /** Ids of the rebalances that there were, in order. */
  async rebalances(): Promise<readonly string[]> {
    const { json } = await this.query("status_all", { kind: "rebalance" });
    return (json as readonly { readonly uuid: string }[]).map(({ uuid }) => uuid);
  }
}

export async function idOf(daemon: Daemon): Promise<string> {
  const snode = (await (await fetch(`${daemon.url}/v1/daemon?what=snode`)).json()) as SmapNode;
  return snode.daemon_id;
}

/** Names of the objects that one target holds, whoever owns them. */
export async function heldBy(daemon: Daemon, bucket: string, bid: string): Promise<readonly string[]> {
  const url = `${daemon.url}/v1/intra/list`;
  const reply = await fetch(url, {
    method: "POST",
    headers: { accept: "application/json", ...(await signatureOf("POST", url, daemon)) },
    body: JSON.stringify({
      bucket: { name: bucket, provider: "ais", namespace: { uuid: "", name: "" } },
      bid,
      prefix: "",
      after: "",
      limit: 10_000,
      delimiter: "",
      props: ["name"],
      timeFormat: "",
    }),
  });
  if (reply.status !== 200) throw new Error(await reply.text());
  const { Unpackr } = await import("msgpackr");
  const unpackr = new Unpackr({ useRecords: true, mapsAsObjects: true });
  const page = unpackr.unpack(new Uint8Array(await reply.arrayBuffer())) as {
    readonly entries: readonly { readonly name: string }[];
  };
  return page.entries.map(({ name }) => name);
}

/** As a node of the daemon's cluster would sign the call. */
async function signatureOf(method: string, url: string, daemon: Daemon): Promise<Record<string, string>> {
  const option = daemon.plan.args.find((arg) => arg.startsWith(COORDINATOR_OPTION)) ?? "";
  await using coordinator = await openCoordinator(option.slice(COORDINATOR_OPTION.length));
  const key = await clusterSecret(coordinator, INTRA_SECRET);
  const auth = new IntraAuth({ key, nodeId: "testnode", clock: systemClock });
  return auth.headers(method, url, await idOf(daemon));
}

/** Resolves when the process has ended by itself, with status 0. */
export async function untilEnded(daemon: Daemon, pid: number): Promise<void> {
  await until(15_000, `${daemon.plan.name} to end`, async () => (isAlive(pid) ? null : true));
  const status = await daemon.end("SIGTERM");
  if (status !== 0) throw new Error(`${daemon.plan.name} ended with status ${status}`);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
