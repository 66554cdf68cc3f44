import { assert } from "@ais/base/assert.ts";
import { type Clock, systemClock } from "@ais/base/clock.ts";
import { LIMITS, type LimitName, LimitTally } from "@ais/base/limits.ts";
import type { Span, Tracing } from "@ais/tracing/types.ts";
import { OPERATIONS, type Operation } from "@ais/wire/operations.ts";
import type { DaemonType } from "@ais/wire/smap.ts";
import type { MergeRule, MetricsDump } from "./dump.ts";
import { COUNTED_AS, isErrorCount, METRICS, type MetricEntry, prometheusSuffix } from "./names.ts";
import { type Counter, type Histogram, MetricRegistry, type MetricType, type Sample } from "./registry.ts";
import { exposeTracing } from "./tracing-metrics.ts";
import type { NodeMetrics, TrackedGauge } from "./types.ts";

export interface NodeMetricsOptions {
  readonly role: DaemonType;
  readonly nodeId: string;
  readonly tracing: Tracing;
  readonly clock?: Clock;
  /** Shared with what counts before there are metrics, such as the listener. */
  readonly limits?: LimitTally;
}

/** Seconds; from a hit in the page cache to a big listing. */
const LATENCY_BOUNDS_S = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const;
const NS_PER_S = 1e9;

/** What one operation counts, resolved once so that a request does no look-up by text. */
interface OperationCounters {
  readonly latency: Histogram;
  readonly done: Counter | null;
  readonly failed: Counter | null;
  readonly totalNs: Counter | null;
}

export function createNodeMetrics(options: NodeMetricsOptions): NodeMetrics {
  return new RegistryMetrics(options);
}

class RegistryMetrics implements NodeMetrics {
  readonly #role: DaemonType;
  readonly #registry: MetricRegistry;
  readonly #counters = new Map<string, Counter>();
  readonly #operations = {} as Record<Operation, OperationCounters>;
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly #limits: LimitTally;
  readonly #gauges: (() => Iterable<TrackedGauge>)[] = [];
  readonly #looks: (() => Promise<void>)[] = [];

  constructor({ role, nodeId, tracing, clock = systemClock, limits = new LimitTally() }: NodeMetricsOptions) {
    this.#role = role;
    this.#limits = limits;
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
    this.#registry = new MetricRegistry({ node_id: nodeId });
    for (const [name, entry] of this.#entries()) {
      if (entry.kind === "special" || entry.kind === "gauge") continue;
      const labels = Object.fromEntries(entry.labels.map((label) => [label, ""]));
      this.#counters.set(
        name,
        this.#registry.counter(this.#full(prometheusSuffix(name)), entry.help, labels),
      );
    }
    for (const operation of Object.keys(OPERATIONS) as Operation[]) {
      this.#operations[operation] = this.#countersOf(operation);
    }
    const upSeconds = (): number => this.#upMs() / 1000;
    this.#registry.read(this.#full("uptime"), "seconds since the start", "gauge", upSeconds, {}, "first");
    this.#registry.read("process_resident_memory_bytes", "resident memory of the daemon", "gauge", () =>
      process.memoryUsage.rss(),
    );
    this.collect("limit_hits_count", "requests and connections that met a limit, by limit", "counter", () =>
      (Object.keys(LIMITS) as LimitName[]).map((limit) => [{ limit }, limits.count(limit)] as const),
    );
    exposeTracing(this.#registry, `ais_${role}`, tracing);
  }

  request(operation: Operation, status: number, durationNs: number, span: Span): void {
    const { latency, done, failed, totalNs } = this.#operations[operation];
    latency.observe(durationNs / NS_PER_S, span);
    if (status >= 400) {
      failed?.add(1);
      return;
    }
    done?.add(1);
    totalNs?.add(Math.round(durationNs));
  }

  limitHit(limit: LimitName): void {
    this.#limits.hit(limit);
  }

  add(internalName: string, amount: number): void {
    const counter = this.#counters.get(internalName);
    assert(counter !== undefined, `unknown metric "${internalName}"`);
    counter.add(amount);
  }

  reset(onlyErrors: boolean): void {
    for (const [name, counter] of this.#counters) {
      if (!onlyErrors || isErrorCount(name)) counter.value = 0;
    }
  }

  dump(): MetricsDump {
    return { ...this.#registry.dump(), tracker: this.#figures() };
  }

  /** As in AIStore, zeros of counters are left out: its command line divides sizes by the counts that are there. */
  #figures(): Readonly<Record<string, number>> {
    const values: Record<string, number> = {};
    for (const [name, { value }] of this.#counters) if (value > 0) values[name] = value;
    for (const { name, value } of this.#tracked()) values[name] = value;
    return values;
  }

  kinds(): Readonly<Record<string, string>> {
    return Object.fromEntries([
      ...this.#entries().map(([name, { kind }]) => [name, kind]),
      ...this.#tracked().map(({ name, kind }) => [name, kind]),
    ]);
  }

  track(gauges: () => Iterable<TrackedGauge>): void {
    this.#gauges.push(gauges);
  }

  beforeReading(look: () => Promise<void>): void {
    this.#looks.push(look);
  }

  async refresh(): Promise<void> {
    await Promise.all(this.#looks.map((look) => look()));
  }

  async expose(
    accept: string | null,
    others: readonly MetricsDump[] = [],
  ): Promise<{ readonly contentType: string; readonly body: string }> {
    await this.refresh();
    return this.#registry.expose(accept, others);
  }

  collect(
    suffix: string,
    help: string,
    type: MetricType,
    collector: () => Iterable<Sample>,
    merge: MergeRule = "sum",
  ): void {
    this.#registry.collect(this.#full(suffix), help, type, collector, merge);
  }

  collectOfNode(suffix: string, help: string, type: MetricType, collector: () => Iterable<Sample>): void {
    this.#registry.collect(`ais_node_${suffix}`, help, type, collector, "first");
  }

  #tracked(): readonly TrackedGauge[] {
    return this.#gauges.flatMap((gauges) => [...gauges()]);
  }

  #entries(): [string, MetricEntry][] {
    return Object.entries(METRICS).filter(([, { roles }]) => roles.includes(this.#role));
  }

  #countersOf(operation: Operation): OperationCounters {
    const prefix = COUNTED_AS[operation];
    const counter = (name: string): Counter | null =>
      prefix === undefined ? null : (this.#counters.get(name) ?? null);
    return {
      latency: this.#registry.histogram(
        this.#full("request_duration_seconds"),
        "time from a request's head to the last byte of its reply",
        LATENCY_BOUNDS_S,
        { operation },
      ),
      done: counter(`${prefix}.n`),
      failed: counter(`err.${prefix}.n`),
      totalNs: counter(`${prefix}.ns.total`),
    };
  }

  #full(suffix: string): string {
    return `ais_${this.#role}_${suffix}`;
  }

  #upMs(): number {
    return this.#clock.monotonicMs() - this.#startedMs;
  }
}
