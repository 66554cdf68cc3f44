import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { must } from "@ais/base/assert.ts";
import { Daemon, freePort } from "./daemon.ts";

/** Which `aisnode` runs: from source with or without the export condition, or a built folder. */
export type Build = "oteltracing" | "plain" | { readonly folder: string };

export interface ClusterOptions {
  readonly proxies?: number;
  readonly targets?: number;
  readonly mountpathsPerTarget?: number;
  readonly build?: Build;
  /** OTLP/gRPC collector; without it tracing is not configured. */
  readonly tracingEndpoint?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Each node logs to files, in `log` of its directory, instead of its output. */
  readonly logs?: boolean;
  readonly flags?: readonly string[];
  /** Processes of every node. */
  readonly workers?: number;
  /** How long a node may be silent before it leaves the cluster map. Long by default: a busy machine is not to decide. */
  readonly leaseTtl?: string;
}

const PATIENT_LEASE_TTL = "30s";

const repository = resolve(import.meta.dir, "../..");

/** A whole cluster of real processes in a temporary directory, on free ports. */
export class TestCluster implements AsyncDisposable {
  readonly directory: string;
  readonly proxies: readonly Daemon[];
  readonly targets: Daemon[];
  readonly #options: ClusterOptions;

  private constructor(
    directory: string,
    proxies: readonly Daemon[],
    targets: readonly Daemon[],
    options: ClusterOptions,
  ) {
    this.directory = directory;
    this.proxies = proxies;
    this.targets = [...targets];
    this.#options = options;
  }

  static async start(options: ClusterOptions = {}): Promise<TestCluster> {
    const directory = mkdtempSync(join(tmpdir(), "ais-cluster-"));
    const make = async (role: "proxy" | "target", count: number): Promise<readonly Daemon[]> =>
      Promise.all(Array.from({ length: count }, (_, i) => planDaemon(role, i + 1, directory, options)));
    const cluster = new TestCluster(
      directory,
      await make("proxy", options.proxies ?? 1),
      await make("target", options.targets ?? 2),
      options,
    );
    try {
      for (const daemon of cluster.daemons) daemon.start();
      await Promise.all(cluster.daemons.map((daemon) => daemon.ready()));
      await cluster.complete();
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  get daemons(): readonly Daemon[] {
    return [...this.proxies, ...this.targets];
  }

  /** Starts one more target. */
  async addTarget(): Promise<Daemon> {
    const daemon = await planDaemon("target", this.targets.length + 1, this.directory, this.#options);
    this.targets.push(daemon);
    daemon.start();
    await daemon.ready();
    await this.complete();
    return daemon;
  }

  /** Any proxy's URL. */
  get url(): string {
    return must(this.proxies[0], "no proxy").url;
  }

  /** Resolves when the Smap of every proxy holds exactly the nodes that run. */
  async complete(
    targets = this.targets.length,
    proxies = this.proxies.length,
    timeoutMs = 40_000,
  ): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const seen = await this.smapSize();
      if (seen.targets === targets && seen.proxies === proxies) return;
      if (performance.now() > deadline) throw new Error(`the Smap has ${JSON.stringify(seen)}`);
      await Bun.sleep(20);
    }
  }

  async smapSize(): Promise<{ readonly targets: number; readonly proxies: number }> {
    const reply = await fetch(`${this.url}/v1/daemon?what=smap`);
    const smap = (await reply.json()) as { readonly tmap: object; readonly pmap: object };
    return { targets: Object.keys(smap.tmap).length, proxies: Object.keys(smap.pmap).length };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.daemons.map((daemon) => daemon.end("SIGKILL")));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function planDaemon(
  role: "proxy" | "target",
  number: number,
  directory: string,
  options: ClusterOptions,
): Promise<Daemon> {
  const name = `${role[0]}${number}`;
  const home = join(directory, name);
  const port = await freePort();
  const mountpaths = Array.from({ length: options.mountpathsPerTarget ?? 1 }, (_, i) =>
    join(home, `mp${i + 1}`),
  );
  const program = launcher(options.build ?? "oteltracing");
  return new Daemon({
    role,
    name,
    port,
    directory: home,
    command: program.command,
    args: [
      ...program.args,
      `--role=${role}`,
      `--port=${port}`,
      `--config-dir=${join(home, "conf")}`,
      `--coordinator=sqlite:${join(directory, "cluster.db")}`,
      `--lease-ttl=${options.leaseTtl ?? PATIENT_LEASE_TTL}`,
      ...(role === "target" ? mountpaths.map((path) => `--mountpath=${path}`) : []),
      ...(options.logs === true ? [`--log-dir=${join(home, "log")}`] : []),
      ...(options.flags ?? []),
      ...(options.workers === undefined ? [] : [`--workers=${options.workers}`]),
    ],
    env: {
      ...(options.tracingEndpoint === undefined ? {} : { AIS_TRACING_ENDPOINT: options.tracingEndpoint }),
      // Spans leave quickly, so that tests wait for what they look for and not for the batch delay.
      OTEL_BSP_SCHEDULE_DELAY: "100",
      ...(process.env["AIS_TEST_WORKERS"] === undefined
        ? {}
        : { AIS_WORKERS: process.env["AIS_TEST_WORKERS"] }),
      ...options.env,
    },
  });
}

function launcher(build: Build): { readonly command: string; readonly args: readonly string[] } {
  if (typeof build !== "string") return { command: join(build.folder, "aisnode"), args: [] };
  const conditions = build === "oteltracing" ? ["--conditions=oteltracing"] : [];
  return { command: process.execPath, args: [...conditions, join(repository, "apps/aisnode/main.ts")] };
}
