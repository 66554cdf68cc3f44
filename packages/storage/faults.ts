import { type FileFaults, NO_FILE_FAULTS } from "@ais/base/durable-write.ts";

/** Failures as a parameter (style.md 13): tests throw from these what a bad disk would. */
export interface StorageFaults {
  readonly files: FileFaults;
  /** Before an index transaction of `operationCount` operations. */
  beforeCommit(operationCount: number): void | Promise<void>;
  /** What this file of an index has now is about to be flushed; other transactions may run meanwhile. */
  beforeSync?(path: string): void | Promise<void>;
  afterSync?(path: string): void;
  /** After the flush of index transactions, before their operations are acknowledged. */
  afterFlush?(mountpath: string): void | Promise<void>;
}

export const NO_STORAGE_FAULTS: StorageFaults = { files: NO_FILE_FAULTS, beforeCommit() {} };
