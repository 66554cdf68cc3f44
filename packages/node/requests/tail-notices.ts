/**
 * Tells other nodes of traces that this one exports by the tail rule, so that they export their parts (tracing.md 5). The
 * telling waits for nothing and holds nothing up: it goes in batches, and what is too much is dropped and counted.
 */
import { errorText } from "@ais/base/errors.ts";
import type { Logger } from "@ais/base/log.ts";
import type { ClusterMember } from "@ais/cluster/member.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { Tracing } from "@ais/tracing/types.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { findNode, nodeName, type Snode } from "@ais/wire/smap.ts";
import type { IntraAuth } from "../intra-auth.ts";
import { callPeer } from "../peer-client.ts";

/** Long enough for errors that come together to go together, short beside what a ring holds. */
const BATCH_DELAY_MS = 50;
const QUEUE_TRACES_MAX = 4_096;
export const BATCH_TRACES_MAX = 512;
const CALL_TIMEOUT_MS = 2_000;

export interface TailNoticesOptions {
  readonly nodeId: string;
  readonly member: Pick<ClusterMember, "snapshot">;
  readonly tracing: Tracing;
  readonly logger: Logger;
  readonly intraAuth: IntraAuth;
}

export interface TailNoticeCounts {
  readonly sent: number;
  /** The queue was full. */
  readonly droppedFull: number;
  /** The node did not take them, or is not in the cluster map. */
  readonly droppedUnreachable: number;
}

export class TailNotices {
  readonly #options: TailNoticesOptions;
  readonly #queues = new Map<string, Set<string>>();
  /** Nodes with a call under way: their batch waits until it is back. */
  readonly #busy = new Set<string>();
  readonly #counts = { sent: 0, droppedFull: 0, droppedUnreachable: 0 };
  #queued = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #closed = false;

  constructor(options: TailNoticesOptions) {
    this.#options = options;
    options.tracing.onTail((traceId, nodeIds) => this.tell(traceId, nodeIds));
  }

  get counts(): TailNoticeCounts {
    return { ...this.#counts };
  }

  tell(traceId: string, nodeIds: readonly string[]): void {
    for (const nodeId of nodeIds) {
      if (nodeId === "" || nodeId === this.#options.nodeId) continue;
      if (this.#queued >= QUEUE_TRACES_MAX || this.#closed) {
        this.#counts.droppedFull++;
        continue;
      }
      const queue = this.#queues.get(nodeId) ?? new Set();
      if (queue.has(traceId)) continue;
      queue.add(traceId);
      this.#queues.set(nodeId, queue);
      this.#queued++;
      this.#arm();
    }
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #arm(): void {
    if (this.#timer !== null || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      for (const nodeId of [...this.#queues.keys()]) if (!this.#busy.has(nodeId)) void this.#send(nodeId);
    }, BATCH_DELAY_MS);
    this.#timer.unref();
  }

  async #send(nodeId: string): Promise<void> {
    const traces = this.#takeBatch(nodeId);
    if (traces.length === 0) return;
    const node = findNode(this.#options.member.snapshot.smap, nodeId);
    if (node === null) {
      this.#counts.droppedUnreachable += traces.length;
      return;
    }
    this.#busy.add(nodeId);
    const isTaken = await this.#call(node, traces);
    if (isTaken) this.#counts.sent += traces.length;
    else this.#counts.droppedUnreachable += traces.length;
    this.#busy.delete(nodeId);
    if (this.#queues.has(nodeId)) this.#arm();
  }

  #takeBatch(nodeId: string): readonly string[] {
    const queue = this.#queues.get(nodeId);
    if (queue === undefined) return [];
    const traces = [...queue].slice(0, BATCH_TRACES_MAX);
    for (const traceId of traces) queue.delete(traceId);
    if (queue.size === 0) this.#queues.delete(nodeId);
    this.#queued -= traces.length;
    return traces;
  }

  /** Without a span: a call about traces that made traces would not end. */
  async #call(node: Snode, traces: readonly string[]): Promise<boolean> {
    const { logger } = this.#options;
    const request = {
      method: "POST",
      path: PATHS.intraTraceExport,
      body: JSON.stringify({ traces }),
      timeoutMs: CALL_TIMEOUT_MS,
    };
    try {
      const { status } = await callPeer(node, request, NOOP_SPAN, this.#options);
      return status < 300;
    } catch (error) {
      logger.log("debug", "failed to ask a node for traces", {
        node: nodeName(node),
        error: errorText(error),
      });
      return false;
    }
  }
}
