/** A cluster whose nodes come and go, and clients that keep an account of what it owes them. */
import { systemClock } from "@ais/base/clock.ts";
import { clusterSecret } from "@ais/cluster/cluster-secret.ts";
import type { Coordinator } from "@ais/cluster/coordinator/coordinator.ts";
import { openCoordinator } from "@ais/cluster/coordinator/open.ts";
import { shareKey } from "@ais/cluster/jobs/job-table.ts";
import { INTRA_SECRET, IntraAuth } from "@ais/node/intra-auth.ts";
import type { TestCluster } from "@ais/testkit/cluster.ts";
import type { Daemon } from "@ais/testkit/daemon.ts";
import { JobClient, type Snap, until } from "./jobs.fixture.ts";

const COORDINATOR_OPTION = "--coordinator=";
/** End of what has not ended. */
const RUNNING = "0001-01-01T00:00:00Z";

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

  untilFlags(id: string, flags: number | null, timeoutMs = 40_000): Promise<unknown> {
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

function coordinatorOf(daemon: Daemon): Promise<Coordinator> {
  const option = daemon.plan.args.find((arg) => arg.startsWith(COORDINATOR_OPTION)) ?? "";
  return openCoordinator(option.slice(COORDINATOR_OPTION.length));
}

/** As a node of the daemon's cluster would sign the call. */
async function signatureOf(method: string, url: string, daemon: Daemon): Promise<Record<string, string>> {
  await using coordinator = await coordinatorOf(daemon);
  const key = await clusterSecret(coordinator, INTRA_SECRET);
  const auth = new IntraAuth({ key, nodeId: "testnode", clock: systemClock });
  return auth.headers(method, url, await idOf(daemon));
}

/**
 * Resolves when the target is in the middle of its share of a job: that it has begun is written down, without which a
 * restart would begin anew, and it has done so much. It must not be able to end meanwhile.
 */
export async function untilUnderWay(daemon: Daemon, job: string, doneCount = 0): Promise<void> {
  const key = shareKey(job, await idOf(daemon));
  await using coordinator = await coordinatorOf(daemon);
  await until(30_000, `the share of ${daemon.plan.name} to be under way`, async () => {
    if ((await coordinator.get(key)) === null) return null;
    const snap = await snapOf(daemon, job);
    if (snap === null) return null;
    if (snap["end-time"] !== RUNNING) throw new Error(`the share of ${daemon.plan.name} has ended`);
    return Number(snap.stats["loc-objs"]) >= doneCount ? true : null;
  });
}

/** Of the target itself; null when it knows of no such job. */
async function snapOf(daemon: Daemon, job: string): Promise<Snap | null> {
  const reply = await fetch(`${daemon.url}/v1/daemon?what=getxstats&uuid=${job}`);
  return reply.status === 200 ? ((await reply.json()) as Snap) : null;
}

/** Resolves when the process has ended by itself, with status 0. */
export async function untilEnded(daemon: Daemon, pid: number): Promise<void> {
  await until(30_000, `${daemon.plan.name} to end`, async () => (isAlive(pid) ? null : true));
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
