import { expect, test } from "bun:test";
import { type AisError, isAisError } from "@ais/base/errors.ts";
import {
  defaultClusterConfig,
  effectiveDurationMs,
  parseClusterConfig,
  tracingOf,
} from "./cluster-config.ts";
import { applyConfigJson, applyConfigPatch, checkTransient } from "./config-patch.ts";
import { encodeJson } from "./json.ts";
import { DEFAULT_TRACING_SECTION } from "./tracing-config.ts";

const config = defaultClusterConfig();

function failureOf(run: () => unknown): AisError {
  try {
    run();
  } catch (error) {
    if (isAisError(error)) return error;
    throw error;
  }
  throw new Error("accepted");
}

/** The sections that clients dereference, all of which must be there. */
const SECTIONS = (
  "distributed_sort write_policy checksum ec mirror lru chunks rate_limit tcb tco arch lso get_batch keepalivetracker " +
  "rebalance log space transport disk fshc periodic client downloader auth backend uuid lastupdate_time proxy net timeout " +
  "memsys features config_version versioning resilver"
).split(" ");

test("every section is in the JSON, tracing only once it was configured", () => {
  expect(Object.keys(JSON.parse(encodeJson(config)))).toEqual(SECTIONS.toSorted());
  const traced = applyConfigPatch(config, { "tracing.service_name_prefix": "x" });
  expect(Object.keys(JSON.parse(encodeJson(traced)))).toContain("tracing");
  expect(tracingOf(config)).toEqual(DEFAULT_TRACING_SECTION);
});

test("defaults are valid, and survive the wire", () => {
  expect(applyConfigJson(config, JSON.parse(encodeJson(config)))).toEqual(config);
  expect(parseClusterConfig(encodeJson(config))).toEqual(config);
  const traced = applyConfigPatch(config, {
    "tracing.attributes.k8s.pod": "p",
    "disk.iostat_time_smooth": "8s",
  });
  expect(parseClusterConfig(encodeJson(traced))).toEqual(traced);
});

test("a stored config without a section gets its defaults, and unknown settings of newer nodes are passed over", () => {
  expect(parseClusterConfig('{"uuid":"u","log":{"level":"4"},"future":{"x":1}}')).toEqual({
    ...config,
    uuid: "u",
    log: { ...config.log, level: "4" },
  });
});

test("the commands of the tracing guide", () => {
  const changed = applyConfigPatch(config, {
    "tracing.enabled": "true",
    "tracing.exporter_endpoint": "localhost:4317",
    "tracing.skip_verify": "true",
    "tracing.sampler_probablity": "0.25",
    "tracing.attributes": '{"team":"a"}',
    "tracing.attributes.k8s.pod": "p0",
  });
  expect(changed.tracing).toEqual({
    enabled: true,
    exporter_endpoint: "localhost:4317",
    service_name_prefix: "aistore",
    attributes: { team: "a", "k8s.pod": "p0" },
    sampler_probability: "0.25",
    skip_verify: true,
    exporter_auth: { token_header: "", token_file: "" },
    tail: { errors: false, slow: {} },
    rules: [],
    allow_forced: true,
    trust_inbound: "always",
  });
});

test("the tail rule is set operation by operation", () => {
  const slow = applyConfigPatch(config, {
    "tracing.tail.slow.object.get": "100ms",
    "tracing.tail.slow.*": "2s",
  });
  expect(slow.tracing?.tail).toEqual({ errors: false, slow: { "object.get": "100ms", "*": "2s" } });
  const less = applyConfigPatch(slow, { "tracing.tail.slow.*": "", "tracing.tail.errors": "true" });
  expect(less.tracing?.tail).toEqual({ errors: true, slow: { "object.get": "100ms" } });
});

test("map entries are added, replaced as a whole and removed", () => {
  const one = applyConfigPatch(config, { "tracing.attributes.a": "1" });
  const two = applyConfigPatch(one, { "tracing.attributes.b": "2" });
  expect(two.tracing?.attributes).toEqual({ a: "1", b: "2" });
  expect(applyConfigPatch(two, { "tracing.attributes.a": "" }).tracing?.attributes).toEqual({ b: "2" });
  expect(applyConfigJson(two, { tracing: { attributes: { c: "3" } } }).tracing?.attributes).toEqual({
    c: "3",
  });
  const proto = applyConfigPatch(config, { "tracing.attributes.__proto__": "x" });
  expect(Object.entries(proto.tracing?.attributes ?? {})).toEqual([["__proto__", "x"]]);
});

test("settings of every type are read from text", () => {
  const changed = applyConfigPatch(config, {
    "log.level": "4",
    "log.max_size": "32MB",
    "log.to_stderr": "yes",
    "periodic.stats_time": "90s",
    "disk.disk_util_low_wm": "30",
    "checksum.type": "sha512",
    "net.http.idle_conns": "7",
    "auth.signature.method": "",
  });
  expect(changed.log).toEqual({ ...config.log, level: "4", max_size: "32MiB", to_stderr: true });
  expect(changed.periodic.stats_time).toBe("1m30s");
  expect(changed.disk.disk_util_low_wm).toBe(30);
  expect(changed.checksum.type).toBe("sha512");
  expect(changed.net.http.idle_conns).toBe(7);
  expect(config.log.level).toBe("3");
});

test.each([
  ["nope", "1", 'unknown setting "nope"'],
  ["log.nope", "1", 'unknown setting "log.nope"'],
  ["log.level.deep", "1", 'unknown setting "log.level.deep"'],
  ["toString", "1", 'unknown setting "toString"'],
  ["log.__proto__.x", "1", 'unknown setting "log.__proto__.x"'],
  ["log", "1", '"log" is a section'],
  ["", "1", 'unknown setting ""'],
  ["log.to_stderr", "perhaps", "expecting a boolean"],
  ["log.max_size", "big", 'invalid size "big"'],
  ["log.flush_time", "1", 'invalid duration "1"'],
  ["log.flush_time", "2h", "from 0s to 1h"],
  ["space.lowwm", "101", "from 0 to 100"],
  ["space.lowwm", "1e1", "expecting an integer"],
  ["space.lowwm", "95", "watermarks"],
  ["disk.disk_util_low_wm", "80", "watermarks"],
  ["timeout.max_keepalive", "3s", "at least twice"],
  ["uuid", "x", "read-only"],
  ["config_version", "7", "read-only"],
  ["lastupdate_time", "x", "read-only"],
  ["proxy.primary_url", "http://x", "read-only"],
  ["tracing.enabled", "true", '"tracing.exporter_endpoint" is required'],
  ["tracing.sampler_probability", "1.5", "from 0 to 1"],
  ["tracing.attributes", "[1]", "expecting an object"],
  ["tracing.attributes", "{", "expecting a JSON object"],
  ["tracing.attribute.a", "1", 'unknown setting "tracing.attribute.a"'],
])("%s=%s is a bad request", (name, value, text) => {
  const failure = failureOf(() => applyConfigPatch(config, { [name]: value }));
  expect(failure.status).toBe(400);
  expect(failure.message).toContain(text);
});

test.each([
  ["mirror.enabled", "true"],
  ["ec.enabled", "true"],
  ["rate_limit.frontend.enabled", "true"],
  ["auth.client_auth_required", "true"],
  ["auth.enabled", "true"],
  ["auth.cluster_key.enabled", "true"],
  ["net.http.use_https", "true"],
  ["features", "4"],
])("%s=%s is refused, since nothing would happen", (name, value) => {
  expect(failureOf(() => applyConfigPatch(config, { [name]: value })).status).toBe(501);
});

test("the nested form says the same as the dotted one", () => {
  const nested = { log: { level: "4" }, tracing: { sampler_probablity: 0.5 }, uuid: null, disk: null };
  expect(applyConfigJson(config, nested)).toEqual(
    applyConfigPatch(config, { "log.level": "4", "tracing.sampler_probability": "0.5" }),
  );
  const twice = { tracing: { sampler_probablity: 0.5, sampler_probability: "0.5" } };
  expect(() => applyConfigJson(config, twice)).toThrow("twice");
  expect(() => applyConfigJson(config, { tracing: { sampler_prob: 1 } })).toThrow('"tracing.sampler_prob"');
  expect(() => applyConfigJson(config, null)).toThrow("expecting an object");
});

test("a tracing section back at its defaults leaves the JSON", () => {
  const changed = applyConfigPatch(config, { "tracing.service_name_prefix": "x" });
  expect(applyConfigPatch(changed, { "tracing.service_name_prefix": "aistore" })).toEqual(config);
});

test("transient changes are refused where they must persist", () => {
  checkTransient(["log.level", "timeout.startup_time", "network"]);
  for (const name of ["tracing.enabled", "auth", "timeout.max_keepalive", "net.http.idle_conns"]) {
    expect(failureOf(() => checkTransient(["log.level", name])).status).toBe(501);
  }
});

test("a duration of zero stands for the default", () => {
  expect(effectiveDurationMs("0s", 5000)).toBe(5000);
  expect(effectiveDurationMs("1m30s", 5000)).toBe(90_000);
});
