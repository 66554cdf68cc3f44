/** A whole run: bucket, names, load, clean-up. What benchmarks call. */
import { AisError, errorText } from "@ais/base/errors.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import { loadContentHashing } from "@ais/storage/checksum.ts";
import { bucketCname } from "@ais/wire/bck.ts";
import { cleanUp, objectQuery, prepareBucket } from "./cluster/bucket.ts";
import { ClusterControl } from "./cluster/control.ts";
import { makeRouter } from "./cluster/router.ts";
import type { LoadOptions } from "./load-options.ts";
import { Recorder } from "./measure/recorder.ts";
import { namesToRead } from "./names-to-read.ts";
import { RequestTracer } from "./request-tracer.ts";
import type { IntervalRecord, LoadSummary } from "./summary.ts";
import { LoadWorker } from "./worker.ts";
import { Catalog, epochPicker, randomPicker } from "./workload/catalog.ts";
import { Dice } from "./workload/dice.ts";
import { ContentSource } from "./workload/object-content.ts";
import { objectName } from "./workload/object-names.ts";
import { WorkSource } from "./workload/work-source.ts";

export interface LoadHooks {
  /** Ends the load early; requests in flight get a moment to finish. */
  readonly signal?: AbortSignal;
  readonly onInterval?: (record: IntervalRecord) => void;
  /** What was done besides the load, a sentence without a full stop. */
  readonly onNote?: (text: string) => void;
}

/** After an interruption requests in flight may take this long. */
const INTERRUPT_GRACE_MS = 2000;
/** How often requests are looked at that may take too long. */
const EXPIRY_CHECK_MS = 500;

/**
 * Resolves when the last request is answered and the clean-up is done. Failing requests are counted, not thrown; throws
 * when the load cannot begin, because the cluster does not answer or has nothing to read.
 */
export async function runLoad(options: LoadOptions, hooks: LoadHooks = {}): Promise<LoadSummary> {
  const control = new ClusterControl(options.endpoint);
  const note = hooks.onNote ?? (() => {});
  try {
    const dice = new Dice(options.seed);
    const nameOf = (ordinal: number): string => objectName(options.naming, dice, ordinal);
    const found = await findWork(options, control, note);
    const catalog = new Catalog(found, nameOf);
    const summary = await drive(options, control, dice, catalog, hooks);
    if (!options.cleanup) return summary;
    try {
      await cleanUp(control, options, Iterator.from(catalog.putOrdinals).map(nameOf), note);
      return summary;
    } catch (error) {
      return { ...summary, cleanup_error: errorText(error) };
    }
  } finally {
    control.close();
  }
}

/** The bucket and what is in it to be read; nothing when there is no load. */
async function findWork(
  options: LoadOptions,
  control: ClusterControl,
  note: (text: string) => void,
): Promise<readonly string[]> {
  if (options.durationMs === 0) return [];
  const created = await prepareBucket(control, options, note);
  if (options.putPercent === 100) return [];
  const found = created && options.fileList === "" ? [] : await namesToRead(control, options);
  note(`found ${found.length} objects to read`);
  if (found.length === 0 && (options.putPercent === 0 || options.epochs > 0)) {
    const { subdirectory } = options.naming;
    const where = subdirectory === "" ? "" : ` under "${subdirectory}"`;
    throw new AisError("notFound", `bucket ${bucketCname(options.bucket)} has no objects${where} to read`);
  }
  return found;
}

async function drive(
  options: LoadOptions,
  control: ClusterControl,
  dice: Dice,
  catalog: Catalog,
  hooks: LoadHooks,
): Promise<LoadSummary> {
  const router = await makeRouter(options, dice, () => control.smap());
  const hashing = await loadContentHashing();
  const content = new ContentSource(dice);
  const startedAt = new Date().toISOString();
  const startMs = performance.now();
  const recorder = new Recorder(startMs, options.slowestCount);
  const picker =
    options.epochs > 0 ? epochPicker(catalog, dice, options.epochs) : randomPicker(catalog, dice);
  const source = new WorkSource(options, dice, catalog, picker, startMs + options.durationMs);
  const tracer = new RequestTracer(options.traceRatio, dice);
  const tools = {
    options,
    objectQuery: objectQuery(options.bucket),
    router,
    tracer,
    hashing,
    content,
    catalog,
    recorder,
  };
  const workers = Array.from({ length: options.workers }, () => new LoadWorker(tools));

  await runWorkers(workers, source, hooks.signal ?? new AbortController().signal, options.intervalMs, () =>
    hooks.onInterval?.(recorder.endInterval(performance.now())),
  );

  const endMs = performance.now();
  const last = recorder.endInterval(endMs);
  if (last.put.count + last.get.count + last.put.errors + last.get.errors > 0) hooks.onInterval?.(last);
  const elapsedMs = endMs - startMs;
  const httpTotal = (name: keyof LoadSummary["http"]): number =>
    workers.reduce((sum, worker) => sum + worker.client.counts[name], 0);
  return {
    record: "summary",
    started_at: startedAt,
    elapsed_ms: elapsedMs,
    ended_by: source.endedBy ?? "duration",
    load_model: "closed-loop",
    endpoint: options.endpoint,
    bucket: bucketCname(options.bucket),
    route: options.route,
    workers: options.workers,
    seed: options.seed,
    put: recorder.total("put", elapsedMs),
    get: recorder.total("get", elapsedMs),
    errors: recorder.errors(),
    http: {
      connections: httpTotal("connections"),
      redirects: httpTotal("redirects"),
      repeats: httpTotal("repeats"),
    },
    slowest: recorder.slowest(),
    cleanup_error: null,
  };
}

async function runWorkers(
  workers: readonly LoadWorker[],
  source: WorkSource,
  signal: AbortSignal,
  intervalMs: number,
  onInterval: () => void,
): Promise<void> {
  const done = new AbortController();
  const interrupt = async (): Promise<void> => {
    source.end("interrupted");
    await sleep(INTERRUPT_GRACE_MS, done.signal);
    closeAll(workers);
  };
  if (signal.aborted) source.end("interrupted");
  signal.addEventListener("abort", interrupt, { once: true });
  const ticker = setInterval(onInterval, intervalMs);
  const expiry = setInterval(() => {
    const nowMs = performance.now();
    for (const worker of workers) worker.client.expire(nowMs);
  }, EXPIRY_CHECK_MS);
  try {
    await Promise.all(workers.map((worker) => worker.run(source, signal)));
  } finally {
    clearInterval(ticker);
    clearInterval(expiry);
    signal.removeEventListener("abort", interrupt);
    done.abort();
    closeAll(workers);
  }
}

function closeAll(workers: readonly LoadWorker[]): void {
  for (const worker of workers) worker.client.close();
}
