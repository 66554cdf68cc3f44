/**
 * `HandOver` in a worker. All transfers of a target are its main process's: only so two of an object never go on at a time,
 * and who deletes an object waits for the one that is under way.
 */
import { AisError } from "@ais/base/errors.ts";
import type { ClusterMember } from "@ais/cluster/member.ts";
import type { Hrw } from "@ais/hrw/hrw.ts";
import type { Channel } from "@ais/node/workers/channel.ts";
import type { HandedOver, ToMain, ToWorker } from "@ais/node/workers/protocol.ts";
import type { ObjectKey } from "@ais/storage/types.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { Span } from "@ais/tracing/types.ts";
import type { Snode } from "@ais/wire/smap.ts";
import { type HandOver, tracedHandOver } from "./hand-over.ts";
import { ownerOf } from "./owner.ts";

export interface AskedHandOverParts {
  readonly member: ClusterMember;
  readonly hrw: Hrw;
  readonly channel: Channel<ToMain, ToWorker>;
  readonly nodeId: string;
}

export class AskedHandOver implements Pick<HandOver, "ownerOf" | "run" | "drop" | "keep" | "isUnderWay"> {
  readonly #parts: AskedHandOverParts;

  constructor(parts: AskedHandOverParts) {
    this.#parts = parts;
  }

  ownerOf(uname: string): Snode | null {
    return ownerOf(uname, this.#parts);
  }

  /** Its spans are one here: the main process does the rest for several requests at a time, and knows nothing of theirs. */
  async run(
    { bucketId, bucketName, objectName, uname }: ObjectKey,
    _jobId?: string,
    _signal?: AbortSignal,
    parent: Span = NOOP_SPAN,
  ): Promise<HandedOver> {
    const { channel, nodeId } = this.#parts;
    if (this.ownerOf(uname)?.daemon_id === nodeId) return { kind: "owned" };
    const asked = { bucketId, bucketName, objectName, uname };
    return tracedHandOver(parent, () => channel.ask("handOver", asked));
  }

  async keep(uname: string): Promise<void> {
    await this.#parts.channel.ask("keepObject", uname);
  }

  /** Shares of jobs are the main process's. */
  isUnderWay(): boolean {
    throw new AisError("internal", "what is under way is known to the main process");
  }

  /** Other targets' claims are handed on. */
  drop(): Promise<boolean> {
    return Promise.reject(new AisError("internal", "objects are dropped by the main process"));
  }
}
