import { expect, test } from "bun:test";
import { type AisError, isAisError } from "@ais/base/errors.ts";
import { applyBpropsPatch, type Bprops, defaultBprops, resetBprops } from "./bprops.ts";
import { defaultClusterConfig } from "./cluster-config.ts";
import { applyConfigPatch } from "./config-patch.ts";

const config = defaultClusterConfig();
const props = defaultBprops(config, { bid: 9n, createdNs: 1234n });

function failureOf(patch: unknown, before: Bprops = props): AisError {
  try {
    applyBpropsPatch(before, patch);
  } catch (error) {
    if (isAisError(error)) return error;
    throw error;
  }
  throw new Error(`accepted ${JSON.stringify(patch)}`);
}

test("defaults are the ones that the command line expects", () => {
  expect(JSON.parse(JSON.stringify(props))).toEqual({
    backend_bck: { name: "", provider: "", namespace: { uuid: "", name: "" } },
    write_policy: { data: "immediate", md: "immediate" },
    provider: "ais",
    Renamed: "",
    checksum: {
      type: "xxhash2",
      validate_cold_get: false,
      validate_warm_get: false,
      validate_obj_move: false,
      enable_read_range: false,
    },
    extra: { aws: {}, gcp: {}, oci: {} },
    rate_limit: {
      backend: { interval: "1m", max_tokens: 1000, enabled: false, num_retries: 3 },
      frontend: { interval: "1m", max_tokens: 1000, enabled: false, burst_size: 375 },
    },
    ec: {
      compression: "never",
      bundle_multiplier: 2,
      burst_buffer: 512,
      objsize_limit: 262144,
      data_slices: 2,
      parity_slices: 2,
      enabled: false,
      disk_only: false,
    },
    chunks: { objsize_limit: "0B", max_monolithic_size: "1TiB", chunk_size: "1GiB" },
    mirror: { copies: 2, burst_buffer: 512, enabled: false },
    lru: { dont_evict_time: "2h0m", capacity_upd_time: "10m", batch_size: 32768, enabled: false },
    access: "18446744073709551615",
    features: "0",
    bid: "9",
    created: "1234",
    versioning: { enabled: true, validate_warm_get: false, synchronize: false },
  });
});

test("a new bucket takes what the cluster config says", () => {
  const changed = applyConfigPatch(config, { "checksum.type": "sha256", "versioning.enabled": "false" });
  const bucket = defaultBprops(changed, { bid: 1n, createdNs: 1n });
  expect(bucket.checksum.type).toBe("sha256");
  expect(bucket.versioning.enabled).toBe(false);
});

test("a patch changes what it names and nothing else", () => {
  const patch = {
    checksum: { type: "md5", validate_warm_get: true },
    write_policy: { data: "delayed" },
    force: true,
  };
  const changed = applyBpropsPatch(props, patch);
  expect(changed).toEqual({
    ...props,
    checksum: { ...props.checksum, type: "md5", validate_warm_get: true },
    write_policy: { data: "delayed", md: "immediate" },
  });
  expect(props.checksum.type).toBe("xxhash2");
});

test("null is no change, at any depth", () => {
  expect(applyBpropsPatch(props, null)).toEqual(props);
  expect(applyBpropsPatch(props, { checksum: null, mirror: { copies: null } })).toEqual(props);
});

test("strings, as the command line sends some values, are read like their types", () => {
  const changed = applyBpropsPatch(props, {
    versioning: { enabled: "false" },
    mirror: { copies: "3" },
    lru: { dont_evict_time: "90m" },
  });
  expect(changed.versioning.enabled).toBe(false);
  expect(changed.mirror.copies).toBe(3);
  expect(changed.lru.dont_evict_time).toBe("1h30m");
});

test("all props of a bucket sent back unchanged are accepted", () => {
  const { bid, created, provider, Renamed, ...settable } = JSON.parse(JSON.stringify(props));
  expect(applyBpropsPatch(props, settable)).toEqual(props);
  expect([bid, created, provider, Renamed]).toEqual(["9", "1234", "ais", ""]);
});

test.each([
  [{ nope: 1 }, '"nope"'],
  [{ checksum: { typo: true } }, '"checksum.typo"'],
  [{ checksum: { type: "crc64" } }, '"crc64" of "checksum.type"'],
  [{ checksum: { validate_warm_get: "maybe" } }, '"checksum.validate_warm_get"'],
  [{ checksum: 1 }, '"checksum"'],
  [{ write_policy: { data: "never" } }, "expecting one of: immediate, delayed"],
  [{ mirror: { copies: 1 } }, "from 2 to 32"],
  [{ ec: { data_slices: 2.5 } }, "expecting an integer"],
  [{ bid: "10" }, 'unknown setting "bid"'],
  [{ created: "1" }, 'unknown setting "created"'],
  [{ provider: "aws" }, 'unknown setting "provider"'],
  [{ Renamed: "x" }, 'unknown setting "renamed"'],
  [{ constructor: {} }, '"constructor"'],
  ["text", "expecting an object"],
])("%j is a bad request", (patch, text) => {
  const failure = failureOf(patch);
  expect(failure.status).toBe(400);
  expect(failure.message).toContain(text);
});

test.each([
  { mirror: { enabled: true } },
  { ec: { enabled: true } },
  { rate_limit: { frontend: { enabled: true } } },
  { rate_limit: { backend: { max_tokens: 5 } } },
  { chunks: { chunk_size: "64MiB" } },
  { backend_bck: { name: "b", provider: "aws" } },
  { extra: { aws: { profile: "p" } } },
  { features: "16" },
  { versioning: { synchronize: true } },
  { write_policy: { md: "delayed" } },
])("%j is refused, since nothing would happen", (patch) => {
  const failure = failureOf(patch);
  expect(failure.status).toBe(501);
  expect(failure.message).toMatch(/^cannot set "[a-z_.]+" to ".*": .+ is not supported yet$/);
});

test("a reset keeps the bucket's identity", () => {
  const changed = applyBpropsPatch(props, { checksum: { type: "md5" } });
  expect(resetBprops(config, changed)).toEqual(props);
});
