/** The workers of a node, in its main process. */
import { errorText } from "@ais/base/errors.ts";
import type { Logger } from "@ais/base/log.ts";
import type { DocumentName } from "@ais/cluster/snapshot.ts";
import type { Tracing, TracingStats } from "@ais/tracing/types.ts";
import type { NodeSettings } from "@ais/wire/node-override.ts";
import type { InFlightRequest } from "@ais/wire/requests.ts";
import type { MetricsDump } from "../metrics/dump.ts";
import type { NodeMetrics } from "../metrics/types.ts";
import type { ToWorker, WorkerStart } from "./protocol.ts";
import type { WorkerHost } from "./worker-host.ts";
import type { WorkerCommand, WorkerProcess } from "./worker-process.ts";
import { WorkerSlot } from "./worker-slot.ts";
import type { Workers } from "./workers.ts";

/** For an answer that only people and scrapers wait for. */
const FIGURES_TIMEOUT_MS = 2_000;
/** For one without which the caller cannot go on. */
const SYNC_TIMEOUT_MS = 5_000;

export interface WorkerPoolOptions {
  readonly count: number;
  readonly command: WorkerCommand;
  readonly tracing: Tracing;
  readonly logger: Logger;
}

interface Watch {
  readonly query: string;
  readonly write: (lines: Uint8Array) => Promise<void>;
}

export class WorkerPool implements Workers {
  readonly count: number;
  readonly #options: WorkerPoolOptions;
  readonly #watches = new Map<number, Watch>();
  #slots: readonly WorkerSlot[] = [];
  #running: Promise<unknown> = Promise.resolve();
  #nextWatch = 1;

  constructor(options: WorkerPoolOptions) {
    this.count = options.count;
    this.#options = options;
  }

  /** Resolves when every worker serves, or has failed to start once; those are tried again in the background. */
  async start(host: WorkerHost, start: () => Omit<WorkerStart, "number" | "processCount">): Promise<void> {
    const { command, logger, tracing, count } = this.#options;
    const settled: Promise<void>[] = [];
    this.#slots = Array.from(
      { length: count },
      (_, index) =>
        new WorkerSlot({
          number: index + 1,
          command,
          logger,
          start: () => ({ ...start(), number: index + 1, processCount: count + 1 }),
          onWatched: (watch, lines) => this.#watched(watch, lines),
          onReady: ({ process }) => {
            for (const [watch, { query }] of this.#watches) process?.channel.tell("watch", { watch, query });
          },
          onTailed: (from, traceIds) => {
            tracing.exportTraces(traceIds, true);
            for (const { channel } of this.#serving(from)) channel.tell("exportTraces", traceIds);
          },
        }),
    );
    const runs = this.#slots.map((slot) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      settled.push(promise);
      return slot.run(host, resolve);
    });
    this.#running = Promise.all(runs);
    await Promise.all(settled);
  }

  expose(metrics: NodeMetrics): void {
    const restarts = (): number => this.#slots.reduce((sum, slot) => sum + slot.restarts, 0);
    metrics.collect("workers", "worker processes that serve requests beside the main one", "gauge", () => [
      [{}, this.#serving().length],
    ]);
    metrics.collect("worker_restarts_count", "worker processes that ended unasked", "counter", () => [
      [{}, restarts()],
    ]);
  }

  /** Workers end once their requests are served; those that take longer than the deadline are killed. */
  async stop(deadlineMs: number): Promise<void> {
    const inTime = await Promise.all(this.#slots.map((slot) => slot.stop(deadlineMs)));
    const killed = inTime.filter((isInTime) => !isInTime).length;
    if (killed > 0) this.#options.logger.log("warn", "killed workers that did not end in time", { killed });
    await this.#running;
  }

  async metrics(): Promise<readonly MetricsDump[]> {
    const figures = await this.#figures();
    return [...figures.map(({ metrics }) => metrics), ...this.#slots.map(({ past }) => past)];
  }

  async tracingStats(): Promise<readonly TracingStats[]> {
    return (await this.#figures()).map(({ tracing }) => tracing);
  }

  async inFlight(): Promise<readonly InFlightRequest[]> {
    return (await this.#askServing("inFlight", null)).flat();
  }

  async sync(document: DocumentName, version: string): Promise<void> {
    await this.#askEach("sync", { document, version });
  }

  /** The same without waiting for it: so that a worker is not behind for as long as its own watch takes. */
  follow(document: DocumentName, version: bigint): void {
    for (const { channel } of this.#serving()) {
      channel.tell("sync", { document, version: version.toString() });
    }
  }

  async writers(bucketId: bigint, bmdVersion: string): Promise<number> {
    const counts = await this.#askEach("writers", { bucketId, bmdVersion });
    return counts.reduce((sum, count) => sum + count, 0);
  }

  exportTraces(traceIds: readonly string[]): void {
    for (const { channel } of this.#serving()) channel.tell("exportTraces", traceIds);
  }

  async takeSettings(settings: NodeSettings): Promise<void> {
    const running = this.#slots.flatMap((slot) => slot.process ?? []);
    await Promise.all(running.map((process) => this.#askOne(process, "takeSettings", settings)));
  }

  async resetStats(onlyErrors: boolean): Promise<void> {
    await Promise.all(
      this.#slots.map(async (slot) => {
        slot.forgetPast(onlyErrors);
        const process = slot.serving;
        const left = process === null ? null : await this.#askOne(process, "resetStats", onlyErrors);
        if (left !== null && slot.process === process) slot.note(left);
      }),
    );
  }

  watch(query: string, write: (lines: Uint8Array) => Promise<void>): () => void {
    const watch = this.#nextWatch++;
    this.#watches.set(watch, { query, write });
    for (const { channel } of this.#serving()) channel.tell("watch", { watch, query });
    return () => {
      if (!this.#watches.delete(watch)) return;
      for (const { channel } of this.#serving()) channel.tell("unwatch", watch);
    };
  }

  /** Of these files those that a worker reads, or may read: one that does not answer keeps them all. */
  async held(mountpath: string, fileIds: readonly bigint[]): Promise<ReadonlySet<bigint>> {
    try {
      return new Set((await this.#askEach("held", { mountpath, fileIds })).flat());
    } catch {
      return new Set(fileIds);
    }
  }

  mayHaveRun(mountpath: string, run: number): boolean {
    return this.#slots.some((slot) => slot.mayHaveRun(mountpath, run));
  }

  /** Resolves when everything has arrived that workers have told so far. */
  async settled(): Promise<void> {
    await this.#askServing("settle", null);
  }

  async #watched(watch: number, lines: Uint8Array): Promise<boolean> {
    await this.#watches.get(watch)?.write(lines);
    return this.#watches.has(watch);
  }

  async #figures() {
    const answers = await Promise.all(
      this.#slots.map(async (slot) => {
        const process = slot.serving;
        const figures = process === null ? null : await this.#askOne(process, "figures", null);
        if (figures !== null && slot.process === process) slot.note(figures);
        // One that has ended meanwhile is in the past by now.
        return slot.process === process ? figures : null;
      }),
    );
    return answers.filter((figures) => figures !== null);
  }

  #serving(except?: WorkerSlot): readonly WorkerProcess[] {
    return this.#slots.flatMap((slot) => (slot === except ? [] : (slot.serving ?? [])));
  }

  /** Those that do not answer in time are left out. */
  async #askServing<Name extends keyof ToWorker>(name: Name, value: ToWorker[Name]["ask"]) {
    const answers = await Promise.all(this.#serving().map((process) => this.#askOne(process, name, value)));
    return answers.filter((answer) => answer !== null);
  }

  async #askOne<Name extends keyof ToWorker>(
    { channel, pid }: WorkerProcess,
    name: Name,
    value: ToWorker[Name]["ask"],
  ): Promise<ToWorker[Name]["reply"] | null> {
    try {
      return await channel.ask(name, value, FIGURES_TIMEOUT_MS);
    } catch (error) {
      this.#options.logger.log("warn", "a worker process did not answer", {
        pid,
        what: name,
        error: errorText(error),
      });
      return null;
    }
  }

  /** Also those that start, which answer then. A worker that ends meanwhile has nothing to say any more. */
  async #askEach<Name extends keyof ToWorker>(name: Name, value: ToWorker[Name]["ask"]) {
    const running = this.#slots.flatMap((slot) => slot.process ?? []);
    const answers = await Promise.all(
      running.map(async ({ channel }): Promise<ToWorker[Name]["reply"] | null> => {
        try {
          return await channel.ask(name, value, SYNC_TIMEOUT_MS);
        } catch (error) {
          if (channel.isClosed) return null;
          throw error;
        }
      }),
    );
    return answers.filter((answer) => answer !== null);
  }
}
