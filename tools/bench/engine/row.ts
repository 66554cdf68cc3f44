/** What a row is made of. Two or more contenders do the same work in turn, so that they meet the same machine. */
import type { LoadLatency } from "../lib/load-protocol.ts";
import type { BenchContext } from "./bench-context.ts";

/** The figure of a row. Of CPU time, seconds and milliseconds less is better. */
export type Unit = "requests/s" | "objects/s" | "CPU-s/GiB" | "s" | "ms";

/** One measurement. */
export interface Sample {
  readonly requests: number;
  readonly seconds: number;
  readonly cpuUs: number;
  /** Object bytes moved; 0 where none are. */
  readonly bytes: number;
  readonly latency: LoadLatency | null;
}

export interface Contender {
  readonly name: string;
  /** Whose peak of memory is reported. */
  readonly pids: readonly number[];
  measure(): Promise<Sample>;
}

export interface Contenders {
  readonly value: Contender;
  readonly ceiling: Contender | null;
  /** Measured beside them and shown as rows of their own. */
  readonly references?: readonly Contender[];
}

export interface RowPlan {
  readonly name: string;
  readonly title: string;
  readonly unit: Unit;
  /** At most this many rounds, for work that has no shorter form. */
  readonly roundsMax?: number;
  /** Starts what is needed and not there yet. What it puts on `stack` goes with the row. */
  prepare(context: BenchContext, stack: AsyncDisposableStack): Promise<Contenders>;
}

const GIB = 2 ** 30;

/** Null when the sample has nothing of it. */
export function cpuSPerGib({ cpuUs, bytes }: Sample): number | null {
  return bytes === 0 ? null : cpuUs / 1e6 / (bytes / GIB);
}

export function figureOf(sample: Sample, unit: Unit): number {
  switch (unit) {
    case "requests/s":
    case "objects/s":
      return sample.requests / sample.seconds;
    case "CPU-s/GiB":
      return cpuSPerGib(sample) ?? Number.NaN;
    case "s":
      return sample.seconds;
    case "ms":
      return sample.latency?.p50Ms ?? Number.NaN;
  }
}
