import { must } from "@ais/base/assert.ts";
import type { CallsBetween } from "../store/calls.ts";
import type { TraceReader } from "../store/reader.ts";
import type { QueryContext, QueryRequest } from "./context.ts";
import { instanceOf } from "./instance.ts";
import type { OwnGraph, OwnGraphNode } from "./own-types.ts";
import { lookbackMs } from "./parameters.ts";
import { jsonReply } from "./replies.ts";

const DEFAULT_LOOKBACK_MS = 3600 * 1000;
/** Counting reads every trace of the window, the latest first, for at most this long. */
const BUDGET_MS = 1000;
const US_PER_MS = 1000;
const NS_PER_US = 1000;

interface Sum {
  calls: number;
  errors: number;
  durationNs: number;
}

/** `GET /api/aistrace/graph?lookback=1h&by=service|instance`: who calls whom. */
export function getGraph({ reader, nowMs }: QueryContext, { query }: QueryRequest): Response {
  const endMs = nowMs();
  const graph = new GraphBuilder(reader, query.get("by") === "instance");
  const deadline = performance.now() + BUDGET_MS;
  const fromUs = (endMs - lookbackMs(query, DEFAULT_LOOKBACK_MS)) * US_PER_MS;
  reader.snapshot(() => {
    for (const num of reader.tracesBetween(fromUs, endMs * US_PER_MS)) {
      graph.add(num);
      if (performance.now() > deadline) {
        graph.isComplete = false;
        break;
      }
    }
  });
  return jsonReply(graph.build());
}

/** Origins are counted first and named once: a store has few of them. */
class GraphBuilder {
  isComplete = true;
  readonly #reader: TraceReader;
  readonly #byInstance: boolean;
  readonly #nodeOfOrigin = new Map<number, number>();
  readonly #nodes: (OwnGraphNode & { spans: number; errors: number })[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #calls = new Map<string, Sum & { readonly from: number; readonly to: number }>();
  #traces = 0;

  constructor(reader: TraceReader, byInstance: boolean) {
    this.#reader = reader;
    this.#byInstance = byInstance;
  }

  add(num: number): void {
    this.#traces += 1;
    for (const { origin, spans, errors } of this.#reader.shares(num)) {
      const node = must(this.#nodes[this.#nodeOf(origin)], "every node has an entry");
      node.spans += spans;
      node.errors += errors;
    }
    for (const call of this.#reader.callsByOrigin(num)) this.#addCall(call);
  }

  build(): OwnGraph {
    return {
      nodes: this.#nodes,
      calls: [...this.#calls.values()].map(({ from, to, calls, errors, durationNs }) => ({
        from,
        to,
        calls,
        errors,
        averageUs: durationNs / NS_PER_US / calls,
      })),
      traces: this.#traces,
      isComplete: this.isComplete,
    };
  }

  #addCall({ parent, child, calls, errors, durationNs }: CallsBetween): void {
    const [from, to] = [this.#nodeOf(parent), this.#nodeOf(child)];
    // Two libraries of one program are two origins.
    if (from === to) return;
    const key = `${from} ${to}`;
    const sum = this.#calls.get(key) ?? { from, to, calls: 0, errors: 0, durationNs: 0 };
    sum.calls += calls;
    sum.errors += errors;
    sum.durationNs += durationNs;
    this.#calls.set(key, sum);
  }

  #nodeOf(origin: number): number {
    const known = this.#nodeOfOrigin.get(origin);
    if (known !== undefined) return known;
    const stored = this.#reader.origin(origin);
    const instance = this.#byInstance ? instanceOf(stored) : "";
    const key = JSON.stringify([stored.service, instance]);
    const index = this.#indexes.get(key) ?? this.#indexes.size;
    if (!this.#indexes.has(key)) {
      this.#indexes.set(key, index);
      this.#nodes.push({ service: stored.service, instance, spans: 0, errors: 0 });
    }
    this.#nodeOfOrigin.set(origin, index);
    return index;
  }
}
