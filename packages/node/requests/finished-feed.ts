import { AisError } from "@ais/base/errors.ts";
import { limitReached } from "@ais/base/limits.ts";
import { OPERATIONS } from "@ais/wire/operations.ts";
import type { FinishedRequest, TailRemark } from "@ais/wire/requests.ts";
import { bucketOf } from "../bucket-of.ts";
import type { Call } from "../call.ts";
import { bodySizeBytes } from "../http/body-size.ts";
import type { HttpReply, ReplyOutcome } from "../http/types.ts";
import type { FinishedFilter } from "./finished-filter.ts";
import { LineQueue } from "./line-queue.ts";
import { summaryOf } from "./summary.ts";

const WATCHERS_MAX = 16;

export interface Finished {
  readonly call: Call;
  readonly reply: HttpReply;
  readonly outcome: ReplyOutcome;
  readonly status: number;
  readonly durationMs: number;
}

interface Watcher {
  readonly filter: FinishedFilter;
  readonly queue: LineQueue;
}

/** Finished requests of this node as they finish, for those who watch: `trace.tail`. Free while nobody does. */
export class FinishedFeed {
  readonly #nodeId: string;
  readonly #watchers = new Set<Watcher>();
  #closed = false;

  constructor(nodeId: string) {
    this.#nodeId = nodeId;
  }

  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  /** Health checks, scrapes and the watching itself are left out. */
  publish(finished: Finished): void {
    const { call, status, durationMs } = finished;
    const { operation } = call;
    if (!OPERATIONS[operation].traced) return;
    const facts = { operation, status, durationMs, bucket: () => bucketOf(call) };
    let line: string | null = null;
    for (const { filter, queue } of this.#watchers) {
      if (!filter(facts)) continue;
      line ??= `${JSON.stringify(describe(finished, this.#nodeId))}\n`;
      queue.push(line);
    }
  }

  /** Lines of JSON until the reader goes away. Throws `tooManyRequests` when there are many readers already. */
  watch(filter: FinishedFilter): ReadableStream<Uint8Array> {
    if (this.#closed) throw new AisError("unavailable", "this node is stopping");
    if (this.#watchers.size >= WATCHERS_MAX)
      throw limitReached(
        "request_watchers",
        `this node is watched by ${WATCHERS_MAX} readers, which is the limit`,
      );
    const node = this.#nodeId;
    const queue = new LineQueue({
      droppedLine: (dropped) => `${JSON.stringify({ node, dropped } satisfies TailRemark)}\n`,
      onEnd: () => this.#watchers.delete(watcher),
    });
    const watcher: Watcher = { filter, queue };
    this.#watchers.add(watcher);
    return queue.stream;
  }

  /** Ends every stream: a node that stops waits for its replies. */
  close(): void {
    this.#closed = true;
    for (const { queue } of [...this.#watchers]) queue.close();
  }
}

function describe({ call, reply, outcome, status, durationMs }: Finished, node: string): FinishedRequest {
  return {
    time: new Date().toISOString(),
    ...summaryOf(call, node),
    status,
    outcome,
    duration_ms: durationMs,
    bytes: bodySizeBytes(reply),
    sampled: call.span.sampled,
  };
}
