/** Bucket properties (wire-compat 4.3). */

import { ACCESS_ALL } from "./access.ts";
import { PROVIDERS, type Provider } from "./bck.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import {
  bool,
  Field,
  oneOf,
  optionalInt,
  optionalText,
  type TableValue,
  text,
  uint64,
} from "./config-field.ts";
import {
  CHECKSUM_SECTION,
  CHUNKS_SECTION,
  EC_SECTION,
  LRU_SECTION,
  MIRROR_SECTION,
  RATE_LIMIT_SECTION,
  VERSIONING_SECTION,
  WRITE_POLICY_SECTION,
} from "./config-sections.ts";
import { patchTable, readTable, tableDefaults } from "./config-table.ts";

const READONLY = { readonly: true } as const;
const BACKEND = { missing: "a remote backend bucket" };
const EXTRA = { missing: "a remote backend" };

export const BPROPS_TABLE = {
  backend_bck: {
    name: text("", BACKEND),
    provider: text("", BACKEND),
    namespace: { uuid: text("", BACKEND), name: text("", BACKEND) },
  },
  write_policy: WRITE_POLICY_SECTION,
  provider: oneOf(PROVIDERS, "ais", READONLY),
  Renamed: text("", READONLY),
  checksum: CHECKSUM_SECTION,
  extra: {
    aws: {
      cloud_region: optionalText(EXTRA),
      endpoint: optionalText(EXTRA),
      profile: optionalText(EXTRA),
      max_pagesize: optionalInt(EXTRA),
      multipart_size: optionalText(EXTRA),
    },
    gcp: { application_creds: optionalText(EXTRA) },
    oci: { region: optionalText(EXTRA) },
    custom: optionalText(EXTRA),
  },
  rate_limit: RATE_LIMIT_SECTION,
  ec: EC_SECTION,
  chunks: CHUNKS_SECTION,
  mirror: MIRROR_SECTION,
  lru: LRU_SECTION,
  access: uint64(ACCESS_ALL),
  features: uint64("0", { missing: "switching features of a bucket" }),
  bid: uint64("0", READONLY),
  created: new Field<string>("0", text("0").parse, READONLY),
  versioning: VERSIONING_SECTION,
};

export interface Bprops extends TableValue<typeof BPROPS_TABLE> {}

export interface NewBucket {
  readonly bid: bigint;
  readonly createdNs: bigint;
  readonly provider?: Provider;
}

/** The props of a new bucket: what the cluster config says, and its own identity. */
export function defaultBprops(config: ClusterConfig, bucket: NewBucket): Bprops {
  return {
    ...tableDefaults(BPROPS_TABLE),
    provider: bucket.provider ?? "ais",
    write_policy: config.write_policy,
    checksum: config.checksum,
    rate_limit: config.rate_limit,
    ec: config.ec,
    chunks: config.chunks,
    mirror: config.mirror,
    lru: { ...config.lru, enabled: false },
    versioning: config.versioning,
    bid: bucket.bid.toString(),
    created: bucket.createdNs.toString(),
  };
}

/** Reads stored props; throws `badRequest` on a value of the wrong type. */
export function bpropsFromJson(json: unknown): Bprops {
  return readTable(BPROPS_TABLE, json);
}

/** What a change may name: to AIStore the rest are no members of the message at all. */
const { provider: _provider, Renamed: _renamed, bid: _bid, created: _created, ...SETTABLE } = BPROPS_TABLE;
const PATCH_TABLE = { ...SETTABLE, force: bool(false) };

/**
 * `props` with the members of a BpropsToSet value (wire-compat 4.3); null leaves them as they are, and names match in any
 * case. Throws `badRequest` on unknown names and wrong types, `unsupported` where the work behind a prop does not exist.
 */
export function applyBpropsPatch(props: Bprops, patch: unknown): Bprops {
  if (patch === null || patch === undefined) return props;
  const { force: _, ...changed } = patchTable(PATCH_TABLE, { ...props, force: false }, inLowerCase(patch));
  return changed;
}

/** As every name is that may be changed. */
function inLowerCase(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key.toLowerCase(), inLowerCase(member)]),
  );
}

/** The props that `reset-bprops` gives: defaults with the bucket's identity kept. */
export function resetBprops(config: ClusterConfig, props: Bprops): Bprops {
  const bucket = { bid: BigInt(props.bid), createdNs: BigInt(props.created), provider: props.provider };
  return {
    ...defaultBprops(config, bucket),
    backend_bck: props.backend_bck,
    Renamed: props.Renamed,
    extra: props.extra,
  };
}

/** `bid` as a number key of the object index. */
export function bucketId(props: Bprops): bigint {
  return BigInt(props.bid);
}
