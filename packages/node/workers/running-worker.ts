/** What a worker answers its main process. */
import { systemClock } from "@ais/base/clock.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { NodeServices } from "../call.ts";
import { refreshUntil } from "../intra-sync.ts";
import { ParsedQuery } from "../query.ts";
import { finishedFilter } from "../requests/finished-filter.ts";
import type { Channel, Handlers } from "./channel.ts";
import type { ToMain, ToWorker, WorkerFigures, WorkerReady, WorkerStart } from "./protocol.ts";
import type { RelayToMain } from "./relay-to-main.ts";

/** A worker's role: what of its parts the main process asks about. */
export interface WorkerRole {
  /** By mountpath: ids of this worker's object files are of this run. */
  readonly runs: ReadonlyMap<string, number>;
  held(mountpath: string, fileIds: readonly bigint[]): readonly bigint[];
  /** Changes under way in a bucket. */
  writers(bucketId: bigint): number;
}

export interface RunningWorker {
  readonly services: NodeServices;
  readonly role: WorkerRole;
  readonly relays: RelayToMain;
}

export interface WorkerHandlersOptions {
  /** Resolves when the worker serves. */
  readonly start: (message: WorkerStart) => Promise<RunningWorker>;
  readonly stop: () => void;
  readonly channel: () => Channel<ToMain, ToWorker>;
}

export function workerHandlers({ start, stop, channel }: WorkerHandlersOptions): Handlers<ToWorker> {
  const { promise: running, resolve } = Promise.withResolvers<RunningWorker>();
  const watches = new Map<number, AbortController>();
  return {
    async start(message): Promise<WorkerReady> {
      const worker = await start(message);
      resolve(worker);
      return { runs: worker.role.runs };
    },
    stop() {
      stop();
      return null;
    },
    figures: async () => workerFigures((await running).services),
    inFlight: async () => (await running).services.requests.inFlight.list(systemClock.monotonicMs()),
    async sync({ document, version }) {
      const { services } = await running;
      const request = { signal: new AbortController().signal };
      await refreshUntil(document, BigInt(version), { span: NOOP_SPAN, request }, services);
      return null;
    },
    held: async ({ mountpath, fileIds }) => (await running).role.held(mountpath, fileIds),
    async writers({ bucketId, bmdVersion }) {
      const { services, role } = await running;
      const request = { signal: new AbortController().signal };
      await refreshUntil("bmd", BigInt(bmdVersion), { span: NOOP_SPAN, request }, services);
      return role.writers(bucketId);
    },
    settle: () => null,
    async exportTraces(traceIds) {
      (await running).services.tracing.exportTraces(traceIds, true);
      return null;
    },
    async takeSettings(settings) {
      (await running).services.nodeConfig.take(settings);
      return null;
    },
    async resetStats(onlyErrors) {
      const { services } = await running;
      services.metrics.reset(onlyErrors);
      return workerFigures(services);
    },
    async watch({ watch, query }) {
      const { services } = await running;
      const stopped = new AbortController();
      watches.set(watch, stopped);
      void sendFinished(watch, query, services, channel(), stopped.signal);
      return null;
    },
    unwatch(watch) {
      watches.get(watch)?.abort();
      watches.delete(watch);
      return null;
    },
    relayPiece: async ({ relay, bytes }) => (await running).relays.piece(relay, bytes),
  };
}

export function workerFigures({ metrics, tracing }: NodeServices): WorkerFigures {
  return { metrics: metrics.dump(), tracing: tracing.stats() };
}

/** The next lines go when the last ones have been taken: until then they wait here, or are dropped and counted. */
async function sendFinished(
  watch: number,
  query: string,
  { requests, logger }: NodeServices,
  channel: Channel<ToMain, ToWorker>,
  signal: AbortSignal,
): Promise<void> {
  try {
    const reader = requests.finished.watch(finishedFilter(new ParsedQuery(query))).getReader();
    const cancel = (): void => void reader.cancel().catch(() => {});
    signal.addEventListener("abort", cancel, { once: true });
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (!(await channel.ask("watched", { watch, lines: next.value }))) break;
    }
    cancel();
  } catch (error) {
    logger.log("debug", "stopped telling the main process of finished requests", { error: String(error) });
  }
}
