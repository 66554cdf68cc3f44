/** A fresh cluster of real daemons: the plain build, all on the servers' core. */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { sleep } from "@ais/base/lifecycle.ts";
import { AisClient } from "@ais/client/ais-client.ts";
import type { JsonObject } from "@ais/client/json-view.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import { objectPath } from "@ais/wire/paths.ts";
import { activeTargets } from "@ais/wire/smap.ts";
import { BenchProcess } from "../lib/bench-process.ts";
import { SERVER_CORE } from "../lib/cores.ts";

/** Both durability policies, as `write_policy.data` says them. */
export const POLICIES = { os: "delayed", fsync: "immediate" } as const;
export type Policy = keyof typeof POLICIES;

export interface ClusterPlan {
  /** The folder of a build. */
  readonly node: string;
  readonly directory: string;
  readonly targetCount: number;
  /** Of every daemon; one when absent. */
  readonly processCount?: number;
  /** Where CPU profiles go; empty takes none. */
  readonly profile: string;
}

const JOIN_MS = 20_000;
const POLL_MS = 50;

export class EngineCluster {
  readonly proxy: BenchProcess;
  readonly targets: readonly BenchProcess[];
  readonly proxyPort: number;

  private constructor(proxy: BenchProcess, targets: readonly BenchProcess[]) {
    this.proxy = proxy;
    this.targets = targets;
    this.proxyPort = portOf(proxy);
  }

  /** The processes go with `stack`, the data is below `directory`. Every target has one mountpath. */
  static async start(
    { node, directory, targetCount, processCount = 1, profile }: ClusterPlan,
    stack: AsyncDisposableStack,
  ): Promise<EngineCluster> {
    await mkdir(directory, { recursive: true });
    const start = async (role: "proxy" | "target", name: string): Promise<BenchProcess> => {
      const mountpath = role === "target" ? [`--mountpath=${join(directory, name, "mountpath")}`] : [];
      const command = [
        ...programOf(node, profile, name),
        ...[`--role=${role}`, `--daemon-id=${name}`, "--port=0", ...mountpath],
        ...[`--config-dir=${join(directory, name, "config")}`, `--log-dir=${join(directory, name, "log")}`],
        ...[`--coordinator=sqlite:${join(directory, "cluster.db")}`, `--workers=${processCount}`],
      ];
      const started = stack.use(await BenchProcess.start({ command, core: SERVER_CORE }));
      // A profile is written at the end of a process that ends by itself.
      if (profile !== "") stack.defer(() => started.terminate());
      return started;
    };
    const proxy = await start("proxy", "bench-proxy");
    const targets: BenchProcess[] = [];
    for (let number = 1; number <= targetCount; number++)
      targets.push(await start("target", `bench-target-${number}`));
    const cluster = new EngineCluster(proxy, targets);
    await cluster.#allJoined();
    return cluster;
  }

  /** All daemons, for what a request through the proxy costs. */
  get pids(): readonly number[] {
    return [this.proxy, ...this.targets].map(({ pid }) => pid);
  }

  async createBucket(name: string, policy: Policy): Promise<void> {
    const props: JsonObject = { write_policy: { data: POLICIES[policy] } };
    await this.#ask((client) => client.buckets.create(aisBucket(name), props));
  }

  /** What the proxy appends to a redirect: the owner takes changes only with it. It is the same for all objects. */
  async redirectQuery(bucket: string): Promise<string> {
    const url = `${this.proxy.ready}${objectPath(bucket, "any")}`;
    const reply = await fetch(url, { redirect: "manual" });
    await reply.arrayBuffer();
    const location = reply.headers.get("location");
    if (location === null) throw new Error(`the proxy answered ${reply.status} in place of a redirect`);
    return location.slice(location.indexOf("?"));
  }

  async #allJoined(): Promise<void> {
    for (
      const deadlineMs = performance.now() + JOIN_MS;
      performance.now() < deadlineMs;
      await sleep(POLL_MS)
    ) {
      const smap = await this.#ask((client) => client.cluster.smap());
      if (activeTargets(smap).length === this.targets.length) return;
    }
    throw new Error(`not all targets joined within ${JOIN_MS} ms`);
  }

  async #ask<T>(act: (client: AisClient) => Promise<T>): Promise<T> {
    const client = new AisClient({ endpoint: this.proxy.ready });
    try {
      return await act(client);
    } finally {
      client.close();
    }
  }
}

function programOf(node: string, profile: string, name: string): readonly string[] {
  if (profile === "") return [join(node, "aisnode")];
  const flags = ["--cpu-prof-md", `--cpu-prof-dir=${resolve(profile)}`, `--cpu-prof-name=${name}.md`];
  return [join(node, "bun"), ...flags, join(node, "aisnode.js")];
}

export function portOf({ ready }: BenchProcess): number {
  return Number(ready.includes("://") ? new URL(ready).port : ready);
}
