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
import type { Snode } from "@ais/wire/smap.ts";
import type { HandOver } from "./hand-over.ts";
import { ownerOf } from "./owner.ts";

export interface AskedHandOverParts {
  readonly member: ClusterMember;
  readonly hrw: Hrw;
  readonly channel: Channel<ToMain, ToWorker>;
  readonly nodeId: string;
}

export class AskedHandOver implements Pick<HandOver, "ownerOf" | "run" | "drop" | "keep"> {
  readonly #parts: AskedHandOverParts;

  constructor(parts: AskedHandOverParts) {
    this.#parts = parts;
  }

  ownerOf(uname: string): Snode | null {
    return ownerOf(uname, this.#parts);
  }

  async run({ bucketId, bucketName, objectName, uname }: ObjectKey): Promise<HandedOver> {
    const { channel, nodeId } = this.#parts;
    if (this.ownerOf(uname)?.daemon_id === nodeId) return { kind: "owned" };
    return channel.ask("handOver", { bucketId, bucketName, objectName, uname });
  }

  async keep(uname: string): Promise<void> {
    await this.#parts.channel.ask("keepObject", uname);
  }

  /** Other targets' claims are handed on. */
  drop(): Promise<boolean> {
    return Promise.reject(new AisError("internal", "objects are dropped by the main process"));
  }
}
