/** Every limit of the engine, with its unit. Hitting one is counted (`ObjectStoreStats.limitHits`). */
export interface StorageLimits {
  /** Objects up to this size live in the index; larger ones are files. */
  readonly inlineObjectBytes: number;
  /** What one write to an object file carries. A receiving PUT holds two buffers of this size. */
  readonly writeChunkBytes: number;
  /** Object files being received at a time, each with two buffers; more wait for a place. */
  readonly openWriteCount: number;
  /** Bodies that wait for a place at a time, and how long; the rest is refused with `tooManyRequests`. */
  readonly openWriteWaiterCount: number;
  readonly openWriteWaitMs: number;
  /** While others wait, a body that came more slowly than this for so long gives up its place (`requestTimeout`). */
  readonly slowReceiveBytesPerSecond: number;
  readonly slowReceiveMs: number;
  /** Memory of bodies without a place: small ones, and starts of others; more are refused with `tooManyRequests`. */
  readonly receiveStartBytes: number;
  /** Kept free on every mountpath; a PUT that would touch it is refused with `outOfSpace`. */
  readonly reservedSpaceBytes: number;
  /** How long a replaced or deleted object file is kept for readers that are about to open it. */
  readonly removalGraceMs: number;
  /** Operations that go into one index transaction at most. */
  readonly commitBatchCount: number;
  /** Leaf pages of an index that a start looks at: 256 MiB of them, a second or so. */
  readonly startLeafCount: number;
  /** Uploads in parts that got no part for so long are given up. */
  readonly uploadIdleMs: number;
  /** How long an upload may take to be made, or to be removed. */
  readonly uploadHeadlessMs: number;
  /** How long `capacity()` answers from memory. */
  readonly capacityCacheMs: number;
}

export const DEFAULT_STORAGE_LIMITS: StorageLimits = {
  inlineObjectBytes: 16 * 1024,
  writeChunkBytes: 256 * 1024,
  openWriteCount: 512,
  openWriteWaiterCount: 1024,
  openWriteWaitMs: 10_000,
  slowReceiveBytesPerSecond: 16 * 1024,
  slowReceiveMs: 500,
  receiveStartBytes: 128 * 1024 * 1024,
  reservedSpaceBytes: 64 * 1024 * 1024,
  removalGraceMs: 60_000,
  commitBatchCount: 512,
  startLeafCount: 65_536,
  uploadIdleMs: 7 * 24 * 3_600_000,
  uploadHeadlessMs: 10 * 60_000,
  capacityCacheMs: 3_000,
};

/** Bytes of UTF-8: the index's key size less the bucket id. */
export const OBJECT_NAME_LIMIT_BYTES = 1970;
