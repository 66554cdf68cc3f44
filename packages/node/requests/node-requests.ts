/** What a node knows of its single requests: those under way, those that finish, those whose traces others must export. */
import type { NodeMetrics } from "../metrics/types.ts";
import { FinishedFeed } from "./finished-feed.ts";
import { InFlight } from "./in-flight.ts";
import { TailNotices, type TailNoticesOptions } from "./tail-notices.ts";

export interface NodeRequests {
  readonly inFlight: InFlight;
  readonly finished: FinishedFeed;
  readonly tailNotices: TailNotices;
  /** Aborts at `close`: replies without an end must end then. */
  readonly closing: AbortSignal;
  /** To be called before the server waits for its replies. */
  close(): void;
}

export interface NodeRequestsOptions extends TailNoticesOptions {
  readonly metrics: NodeMetrics;
}

export function createNodeRequests(options: NodeRequestsOptions): NodeRequests {
  const { nodeId, metrics } = options;
  const finished = new FinishedFeed(nodeId);
  const tailNotices = new TailNotices(options);
  metrics.collect(
    "tracing_tail_notices_count",
    "traces that other nodes were asked to export, by outcome",
    "counter",
    () => {
      const { sent, droppedFull, droppedUnreachable } = tailNotices.counts;
      return [
        [{ outcome: "sent" }, sent],
        [{ outcome: "dropped_queue_full" }, droppedFull],
        [{ outcome: "dropped_unreachable" }, droppedUnreachable],
      ];
    },
  );
  const closing = new AbortController();
  return {
    closing: closing.signal,
    inFlight: new InFlight(nodeId),
    finished,
    tailNotices,
    close() {
      closing.abort();
      finished.close();
      tailNotices.close();
    },
  };
}
