/**
 * Several processes serve the objects of one target. One of them owns the mountpaths: it holds their locks, recovers, checks
 * and removes. The others, its guests, read and write through the same indexes, whose transactions LMDB puts in order.
 */

/** The guests, as the owner of a mountpath needs to know them. */
export interface OtherReaders {
  /** Of these files, which no lookup finds any more, those that a guest reads, or may be reading. Never rejects. */
  held(fileIds: readonly bigint[]): Promise<ReadonlySet<bigint>>;
}

export interface Guests extends OtherReaders {
  /** True when the id is of a guest that runs: its file may be on its way into the index. */
  mayWrite(fileId: bigint): boolean;
  /** Resolves when what guests have made superfluous by now is known here. Never rejects. */
  settled(): Promise<void>;
}
