/** Sections that the cluster config and bucket properties share: the former holds the defaults of the latter. */
import { CHECKSUM_TYPES } from "./checksum.ts";
import { bool, duration, Field, int, oneOf, optionalInt, optionalText, size } from "./config-field.ts";

const COMPRESSION = ["never", "always"] as const;

/** What every kind of job between targets has. */
export function transferFields(bundleMultiplier: number, burstBuffer: number) {
  return {
    compression: oneOf(COMPRESSION, "never"),
    bundle_multiplier: int(bundleMultiplier, { min: 1, max: 16 }),
    burst_buffer: int(burstBuffer, { min: 32, max: 10_000 }),
  };
}

export const CHECKSUM_SECTION = {
  type: oneOf(CHECKSUM_TYPES, "xxhash2"),
  validate_cold_get: bool(false, { missing: "reading from remote backends" }),
  validate_warm_get: bool(false),
  validate_obj_move: bool(false, { missing: "moving objects between nodes" }),
  enable_read_range: bool(false, { missing: "a checksum of each range" }),
};

export const EC_SECTION = {
  ...transferFields(2, 512),
  objsize_limit: int(262_144, { min: -1 }),
  data_slices: int(2, { min: 1, max: 32 }),
  parity_slices: int(2, { min: 1, max: 32 }),
  enabled: bool(false, { missing: "erasure coding" }),
  disk_only: bool(false),
};

export const MIRROR_SECTION = {
  copies: int(2, { min: 2, max: 32 }),
  burst_buffer: int(512),
  enabled: bool(false, { missing: "mirroring" }),
};

/** Objects that one round of eviction or clean-up handles. */
export const GC_BATCH = { min: 1024, max: 524_288 };

export const LRU_SECTION = {
  dont_evict_time: duration("2h0m", { min: "1h0m" }),
  capacity_upd_time: duration("10m", { min: "10s" }),
  batch_size: int(32_768, GC_BATCH),
  enabled: bool(false),
};

const CHUNKS = { missing: "chunking" };
export const CHUNKS_SECTION = {
  objsize_limit: size("0B", CHUNKS),
  max_monolithic_size: size("1TiB", CHUNKS),
  chunk_size: size("1GiB", CHUNKS),
  checkpoint_every: optionalInt(CHUNKS),
  flags: optionalInt(CHUNKS),
};

const RATE_LIMIT = { missing: "rate limiting" };
const RATE_LIMIT_BASE = {
  per_op_max_tokens: optionalText(RATE_LIMIT),
  interval: duration("1m", RATE_LIMIT),
  max_tokens: int(1000, RATE_LIMIT),
  enabled: bool(false, RATE_LIMIT),
};
export const RATE_LIMIT_SECTION = {
  backend: { ...RATE_LIMIT_BASE, num_retries: int(3, RATE_LIMIT) },
  frontend: { ...RATE_LIMIT_BASE, burst_size: int(375, RATE_LIMIT) },
};

const REMOTE = { missing: "reading from remote backends" };
export const VERSIONING_SECTION = {
  enabled: bool(true),
  validate_warm_get: bool(false, REMOTE),
  synchronize: bool(false, REMOTE),
};

export const WRITE_POLICIES = ["immediate", "delayed"] as const;
export type WritePolicy = (typeof WRITE_POLICIES)[number];

export const WRITE_POLICY_SECTION = {
  /** `immediate`: acknowledged survives power loss. `delayed`: acknowledged survives a crash of the daemon. */
  data: oneOf(WRITE_POLICIES, "immediate"),
  /** Metadata is committed together with the object, so it follows `data`. */
  md: new Field<WritePolicy>("immediate", oneOf(WRITE_POLICIES, "immediate").parse, {
    missing: "a write policy of metadata alone",
  }),
};
