/**
 * The finished requests of all nodes in one stream. Every node's part is read no faster than the caller reads: a slow
 * caller is noticed by the nodes, which keep little for it and count what they leave out.
 */
import { errorText } from "@ais/base/errors.ts";
import { backoffMs, sleep } from "@ais/base/lifecycle.ts";
import type { Query } from "@ais/node/call.ts";
import { peerLines } from "@ais/node/peer-lines.ts";
import type { FinishedFilter } from "@ais/node/requests/finished-filter.ts";
import { splitLines } from "@ais/node/requests/split-lines.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { QUERY } from "@ais/wire/queries.ts";
import type { TailRemark } from "@ais/wire/requests.ts";
import { allNodes, type Smap } from "@ais/wire/smap.ts";
import type { ProxyServices } from "../services.ts";

export interface ClusterTailOptions {
  readonly services: ProxyServices;
  readonly filter: FinishedFilter;
  readonly query: Query;
  /** Empty: every node, those that join later as well. */
  readonly nodeId: string;
}

/** Chunks on their way to the caller. */
const QUEUED_CHUNKS_MAX = 64;
const RETRY_BASE_MS = 200;
const RETRY_CAP_MS = 5_000;
/** Of the items of the query, those that nodes filter by. */
const FILTER_ITEMS: ReadonlySet<string> = new Set([
  QUERY.traceBucket,
  QUERY.traceOperation,
  QUERY.traceStatus,
  QUERY.traceMinDuration,
]);

export class ClusterTail {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #options: ClusterTailOptions;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #stop = new AbortController();
  readonly #encoder = new TextEncoder();
  /** One loop for each node that is followed. */
  readonly #followed = new Map<string, AbortController>();

  constructor(options: ClusterTailOptions) {
    this.#options = options;
    const pipe = new TransformStream<Uint8Array, Uint8Array>(
      undefined,
      { highWaterMark: QUEUED_CHUNKS_MAX },
      { highWaterMark: 0 },
    );
    this.stream = pipe.readable;
    this.#writer = pipe.writable.getWriter();
    const { member, requests } = options.services;
    const close = (): void => {
      this.#stop.abort();
      // A pipe that broke before has nobody left to tell.
      this.#writer.close().catch(() => {});
    };
    requests.closing.addEventListener("abort", close, { once: true });
    const unsubscribe = member.onChange(({ document, after }) => {
      if (document === "smap") this.#follow(after.smap);
    });
    // Whether the caller went or the pipe broke, there is nobody left to write to.
    this.#writer.closed
      .catch(() => {})
      .finally(() => {
        unsubscribe();
        requests.closing.removeEventListener("abort", close);
        this.#stop.abort();
      });
    this.#follow(member.snapshot.smap);
  }

  #follow(smap: Smap): void {
    const { nodeId } = this.#options;
    const nodes = allNodes(smap).filter((node) => nodeId === "" || node.daemon_id === nodeId);
    const wanted = new Set(nodes.map((node) => node.daemon_id));
    for (const [id, loop] of this.#followed) if (!wanted.has(id)) loop.abort();
    for (const id of wanted) {
      if (this.#followed.has(id)) continue;
      const loop = new AbortController();
      this.#followed.set(id, loop);
      const signal = AbortSignal.any([loop.signal, this.#stop.signal]);
      void this.#run(id, signal).finally(() => this.#followed.delete(id));
    }
  }

  /** Reads one node again and again until it has left the cluster or the caller has gone. */
  async #run(id: string, signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        for await (const lines of splitLines(await this.#open(id, signal), signal)) {
          await this.#write(lines);
          attempt = 0;
        }
        if (!signal.aborted) await this.#remark({ node: id, lost: "the node ended its stream" });
      } catch (error) {
        if (!signal.aborted) await this.#remark({ node: id, lost: errorText(error) });
      }
      await sleep(backoffMs(attempt, RETRY_BASE_MS, RETRY_CAP_MS), signal);
    }
  }

  async #open(id: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const { services, filter } = this.#options;
    const { member, requests, facts } = services;
    if (id === facts.id) return requests.finished.watch(filter);
    const node = allNodes(member.snapshot.smap).find((candidate) => candidate.daemon_id === id);
    if (node === undefined) throw new Error("the node is not in the cluster map");
    return peerLines(node, { path: PATHS.intraTraceTail, query: this.#filterQuery(), signal }, services);
  }

  #filterQuery(): string {
    return [...this.#options.query.entries()]
      .filter(([name]) => FILTER_ITEMS.has(name))
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join("&");
  }

  async #remark(remark: TailRemark): Promise<void> {
    await this.#write(this.#encoder.encode(`${JSON.stringify(remark)}\n`));
  }

  /** Resolves when there is room for more. Rejections are the caller's going, which `closed` tells as well. */
  async #write(lines: Uint8Array): Promise<void> {
    await this.#writer.ready.catch(() => {});
    if (!this.#stop.signal.aborted) this.#writer.write(lines).catch(() => {});
  }
}
