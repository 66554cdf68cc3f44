/** Of a process that does not remove files itself: what it makes superfluous it tells the one that does. */
import type { Logger } from "@ais/base/log.ts";
import type { Span } from "@ais/tracing/types.ts";
import type { ObjectIndex } from "../index/object-index.ts";
import { FileLeases } from "./file-leases.ts";
import { causeOf, type FileRemoval, type RemovalCause } from "./file-removal.ts";
import { MarkCutter } from "./mark-cutter.ts";

/** The process that removes the files of a mountpath. */
export interface RemovalOwner {
  retire(fileId: bigint, cause: RemovalCause): void;
  /** Resolves when what nobody reads is gone. Never rejects. */
  expedite(): Promise<void>;
}

export class GuestRemoval implements FileRemoval {
  readonly #owner: RemovalOwner;
  readonly #leases = new FileLeases();
  readonly #marks: MarkCutter;

  constructor(mountpath: string, index: Pick<ObjectIndex, "flushed">, owner: RemovalOwner, logger: Logger) {
    this.#owner = owner;
    this.#marks = new MarkCutter({ mountpath, flushed: (isUrgent) => index.flushed(isUrgent), logger });
  }

  /** They wait in the other process, which counts them. */
  get pendingCount(): number {
    return 0;
  }

  get readerCount(): number {
    return this.#leases.count;
  }

  /** Only checks ask, and those are the owner's. */
  isPending(): boolean {
    return false;
  }

  lease(fileId: bigint): () => void {
    return this.#leases.take(fileId, () => {});
  }

  retire(fileId: bigint, span: Span): void {
    this.#marks.cut(fileId);
    this.#owner.retire(fileId, causeOf(span));
  }

  expedite(): Promise<void> {
    return this.#owner.expedite();
  }

  /** Of these files those that are being read here. No lookup finds any of them any more. */
  held(fileIds: readonly bigint[]): readonly bigint[] {
    return fileIds.filter((fileId) => this.#leases.has(fileId));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#marks.idle();
  }
}
