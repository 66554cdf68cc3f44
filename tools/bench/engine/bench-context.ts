/** What the rows share, each made when the first row asks for it. */
import { join, resolve } from "node:path";
import { buildNode } from "@ais/aisnode/build.ts";
import { AIS_VERSION } from "@ais/wire/version.ts";
import { BenchProcess } from "../lib/bench-process.ts";
import { OTHER_CORE, SERVER_CORE } from "../lib/cores.ts";
import { progress } from "../lib/progress.ts";
import { EngineCluster } from "./engine-cluster.ts";
import type { EngineOptions } from "./options.ts";

export const OS_BUCKET = "bench-os";
export const FSYNC_BUCKET = "bench-fsync";

export class BenchContext {
  readonly options: EngineOptions;
  /** Of this run alone. */
  readonly directory: string;
  readonly #stack: AsyncDisposableStack;
  readonly #made = new Map<string, Promise<unknown>>();

  constructor(options: EngineOptions, directory: string, stack: AsyncDisposableStack) {
    this.options = options;
    this.directory = directory;
    this.#stack = stack;
  }

  /** The load generator. */
  load(): Promise<BenchProcess> {
    return this.#once("load", async () =>
      this.#stack.use(await BenchProcess.start({ command: script("../lib/load-main.ts"), core: OTHER_CORE })),
    );
  }

  /** Works on files without a server. */
  fileWorker(): Promise<BenchProcess> {
    return this.#once("file worker", async () =>
      this.#stack.use(
        await BenchProcess.start({ command: script("ceilings/file-work-main.ts"), core: SERVER_CORE }),
      ),
    );
  }

  /** A cluster of one target with a bucket for each durability policy. */
  smallCluster(): Promise<EngineCluster> {
    return this.#smallCluster("one", 1);
  }

  /** The same, whose daemons have two processes each. */
  twoProcessCluster(): Promise<EngineCluster> {
    return this.#smallCluster("two-processes", 2);
  }

  #smallCluster(name: string, processCount: number): Promise<EngineCluster> {
    return this.#once(`cluster ${name}`, async () => {
      const node = await this.node();
      progress(
        `starting a cluster of one target, ${processCount === 1 ? "one process" : "two processes"} a node`,
      );
      const plan = { node, directory: join(this.directory, name), targetCount: 1, processCount };
      const cluster = await EngineCluster.start({ ...plan, profile: this.options.profile }, this.#stack);
      await cluster.createBucket(OS_BUCKET, "os");
      await cluster.createBucket(FSYNC_BUCKET, "fsync");
      return cluster;
    });
  }

  /** The folder of a plain build. */
  node(): Promise<string> {
    return this.#once("node", async () => {
      if (this.options.node !== "") return resolve(this.options.node);
      progress("building aisnode");
      const outDir = join(this.directory, "aisnode");
      await buildNode({ tags: [], outDir, version: AIS_VERSION, commit: "" });
      return outDir;
    });
  }

  /** Something that several rows share. What it puts on the stack stays until the end of the run. */
  shared<T>(name: string, make: (stack: AsyncDisposableStack) => Promise<T>): Promise<T> {
    return this.#once(name, () => make(this.#stack));
  }

  #once<T>(name: string, make: () => Promise<T>): Promise<T> {
    const made = this.#made.get(name) ?? make();
    this.#made.set(name, made);
    return made as Promise<T>;
  }
}

/** Command of a program of this folder. */
export function script(name: string, ...args: readonly string[]): readonly string[] {
  return [process.execPath, join(import.meta.dir, name), ...args];
}
