/**
 * The cluster configuration (wire-compat 5.7): one table of every section and setting. Sections are never left out of
 * replies, since the command line dereferences them without a check; only `tracing` is, while it is not configured.
 */
import { parseDurationMs } from "@ais/base/units.ts";
import {
  bool,
  duration,
  Field,
  int,
  oneOf,
  optional,
  optionalDuration,
  optionalText,
  size,
  type TableValue,
  text,
  textList,
  uint64,
} from "./config-field.ts";
import {
  CHECKSUM_SECTION,
  CHUNKS_SECTION,
  EC_SECTION,
  GC_BATCH,
  LRU_SECTION,
  MIRROR_SECTION,
  RATE_LIMIT_SECTION,
  transferFields,
  VERSIONING_SECTION,
  WRITE_POLICY_SECTION,
} from "./config-sections.ts";
import { readTable, tableDefaults } from "./config-table.ts";
import { decodeJson } from "./json.ts";
import { DEFAULT_TRACING_SECTION, TRACING_TABLE, type TracingSection } from "./tracing-config.ts";

const READONLY = { readonly: true } as const;
const REACTIONS = ["ignore", "warn", "abort"] as const;
const percent = (initial: number): Field<number> => int(initial, { min: 0, max: 100 });

const KEEPALIVE_TRACKER = {
  name: oneOf(["heartbeat"], "heartbeat", READONLY),
  interval: duration("10s", { min: "1s" }),
  factor: int(3, { min: 1, max: 255 }),
};

const TLS = {
  server_crt: text(""),
  server_key: text(""),
  client_ca_tls: text(""),
  client_auth_tls: int(0, { max: 4 }),
};

const AUTH = { missing: "authentication" };

export const CLUSTER_CONFIG_TABLE = {
  tracing: optional(TRACING_TABLE),
  distributed_sort: {
    duplicated_records: oneOf(REACTIONS, "ignore"),
    missing_shards: oneOf(REACTIONS, "ignore"),
    ekm_malformed_line: oneOf(REACTIONS, "abort"),
    ekm_missing_key: oneOf(REACTIONS, "abort"),
    default_max_mem_usage: text("80%"),
    dsorter_mem_threshold: text("100GB"),
    call_timeout: duration("10m"),
    ...transferFields(4, 512),
  },
  write_policy: WRITE_POLICY_SECTION,
  checksum: CHECKSUM_SECTION,
  ec: EC_SECTION,
  mirror: MIRROR_SECTION,
  lru: LRU_SECTION,
  chunks: CHUNKS_SECTION,
  rate_limit: RATE_LIMIT_SECTION,
  tcb: transferFields(2, 512),
  tco: transferFields(2, 512),
  arch: transferFields(2, 512),
  lso: {
    ...transferFields(1, 32),
    walk_buffer: int(128),
    idle_time: duration("20s"),
    quiescent: duration("5s"),
  },
  get_batch: {
    ...transferFields(2, 512),
    max_wait: duration("20s"),
    warmup_workers: int(-1, { min: -1 }),
    max_soft_errs: int(8),
    max_gfn: int(5, { min: -1 }),
  },
  keepalivetracker: {
    proxy: KEEPALIVE_TRACKER,
    target: KEEPALIVE_TRACKER,
    num_retries: int(3, { min: 1 }),
    retry_factor: int(4, { min: 1, max: 255 }),
  },
  rebalance: {
    ...transferFields(2, 1024),
    dest_retry_time: duration("2m"),
    enabled: bool(true),
  },
  log: {
    level: new Field<string>("3", parseLogLevel),
    max_size: size("64MiB"),
    max_total: size("512MiB"),
    flush_time: duration("1m", { max: "1h" }),
    stats_time: duration("3m", { max: "10m" }),
    to_stderr: bool(false),
  },
  space: {
    cleanupwm: percent(65),
    lowwm: percent(75),
    highwm: percent(90),
    out_of_space: percent(95),
    batch_size: int(32_768, GC_BATCH),
    dont_cleanup_time: duration("2h0m", { min: "15m" }),
  },
  transport: {
    max_header: int(4096, { min: 512, max: 131_072 }),
    burst_buffer: int(1024),
    idle_teardown: duration("4s", { min: "1s" }),
    quiescent: duration("10s"),
    lz4_block: size("256KiB"),
    lz4_frame_checksum: bool(false),
  },
  disk: {
    disk_util_low_wm: percent(20),
    disk_util_high_wm: percent(80),
    disk_util_max_wm: percent(95),
    iostat_time_long: duration("2s"),
    iostat_time_short: duration("100ms"),
    iostat_time_smooth: optionalDuration(),
  },
  fshc: {
    test_files: int(4),
    error_limit: int(2),
    io_err_limit: int(10),
    io_err_time: duration("10s"),
    enabled: bool(true),
  },
  periodic: {
    stats_time: duration("10s", { min: "1s" }),
    retry_sync_time: duration("2s", { min: "1s" }),
    notif_time: duration("30s", { min: "1s" }),
  },
  client: {
    client_timeout: duration("10s"),
    client_long_timeout: duration("5m"),
    list_timeout: duration("5m"),
  },
  downloader: { timeout: duration("1h0m") },
  auth: {
    client_auth_required: bool(false, AUTH),
    signature: optional({ key: text("", AUTH), method: text("", AUTH) }),
    required_claims: optional({ aud: textList([], AUTH) }),
    oidc: optional({
      allowed_iss: textList([], AUTH),
      issuer_ca_bundle: optionalText(AUTH),
      jwks_cache: optional({
        min_rotation_refresh: optionalDuration(AUTH),
        min_background_refresh: optionalDuration(AUTH),
      }),
    }),
    intra_cluster: optional({
      node_join_secret_path: text("", AUTH),
      ttl: duration("0s", AUTH),
      nonce_window: duration("1m", AUTH),
      rotation_grace: duration("1m", AUTH),
      request_auth: bool(false, AUTH),
    }),
  },
  /** Provider to its settings; `ais` holds attached clusters by alias. */
  backend: new Field<Readonly<Record<string, unknown>>>({}, parseBackend, {
    missing: "changing remote backends",
  }),
  uuid: text("", READONLY),
  lastupdate_time: text("", READONLY),
  proxy: {
    primary_url: text("", READONLY),
    original_url: text("", READONLY),
    discovery_url: text("", READONLY),
    non_electable: bool(false, READONLY),
  },
  net: {
    l4: { proto: text("tcp", READONLY), sndrcv_buf_size: int(131_072, READONLY) },
    http: {
      ...TLS,
      domain_tls: text(""),
      idle_conn_time: duration("6s"),
      backend_idle_conn_time: duration("0s"),
      idle_conns_per_host: int(32),
      idle_conns: int(256),
      write_buffer_size: int(0, READONLY),
      read_buffer_size: int(0, READONLY),
      use_https: bool(false, { missing: "HTTPS" }),
      skip_verify: bool(false),
      chunked_transfer: bool(true),
      pub: optional(TLS),
    },
    use_ipv6: bool(false, { missing: "choosing IPv6" }),
  },
  timeout: {
    cplane_operation: duration("2s", { min: "10ms" }),
    max_keepalive: duration("5s"),
    max_host_busy: duration("20s", { min: "10s" }),
    startup_time: duration("1m", { min: "30s" }),
    join_startup_time: duration("3m"),
    send_file_time: duration("5m", { min: "1m" }),
    ec_streams_time: duration("10m"),
    object_md: duration("2h0m"),
    cold_get_conflict: duration("5s"),
  },
  memsys: {
    min_free: size("2GiB"),
    default_buf: size("32KiB"),
    to_gc: size("4GiB"),
    hk_time: duration("3m"),
    min_pct_total: percent(0),
    min_pct_free: percent(0),
  },
  features: uint64("0", { missing: "switching features" }),
  config_version: uint64("0", READONLY),
  versioning: VERSIONING_SECTION,
  resilver: { enabled: bool(true) },
};

export interface ClusterConfig extends TableValue<typeof CLUSTER_CONFIG_TABLE> {}

/** The defaults of a local playground, without a UUID and at version 0. */
export function defaultClusterConfig(): ClusterConfig {
  return tableDefaults(CLUSTER_CONFIG_TABLE);
}

/** Throws `badRequest` when the text is not a cluster config. Settings that it lacks get their defaults. */
export function parseClusterConfig(json: string): ClusterConfig {
  return readTable(CLUSTER_CONFIG_TABLE, decodeJson(json));
}

/** The section in force: defaults while tracing is not configured. */
export function tracingOf(config: ClusterConfig): TracingSection {
  return config.tracing ?? DEFAULT_TRACING_SECTION;
}

/** Milliseconds of a duration setting. Zero stands for the built-in default, as in AIStore. */
export function effectiveDurationMs(duration: string, defaultMs: number): number {
  const durationMs = parseDurationMs(duration);
  return durationMs === 0 ? defaultMs : durationMs;
}

function parseBackend(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError("expecting an object");
  return value as Readonly<Record<string, unknown>>;
}

/** A digit, and for some modules a digit each after it, such as `3` or `4-ais,5-fs`: kept as the text it is. */
function parseLogLevel(value: unknown): string {
  const level = String(value);
  if (!/^[1-5]/.test(level)) throw new TypeError("expecting a level from 1 to 5");
  return level;
}
