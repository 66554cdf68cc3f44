import { type FileFaults, NO_FILE_FAULTS } from "@ais/base/durable-write.ts";

/** Failures as a parameter (style.md 13): tests throw from these what a bad disk would. */
export interface StorageFaults {
  readonly files: FileFaults;
  /** Before an index transaction of `operationCount` operations. */
  beforeCommit(operationCount: number): void | Promise<void>;
  /** After the flush of an index transaction, before its operations are acknowledged; no other one runs meanwhile. */
  afterFlush?(mountpath: string): void | Promise<void>;
}

export const NO_STORAGE_FAULTS: StorageFaults = { files: NO_FILE_FAULTS, beforeCommit() {} };
