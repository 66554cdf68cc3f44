import { describe, expect, test } from "bun:test";
import { type AisError, isAisError } from "@ais/base/errors.ts";
import { type ClusterConfig, defaultClusterConfig, parseClusterConfig } from "./cluster-config.ts";
import { applyConfigJson, applyConfigPatch } from "./config-patch.ts";
import { encodeJson } from "./json.ts";
import type { SamplingRule } from "./sampling-rules.ts";

const config = defaultClusterConfig();
const NOW_MS = Date.parse("2026-08-19T10:00:00Z");

function rulesOf(changed: ClusterConfig): readonly SamplingRule[] {
  return changed.tracing?.rules ?? [];
}

/** The rules after one dotted change. */
function changed(
  from: ClusterConfig,
  settings: Readonly<Record<string, unknown>>,
  nowMs = NOW_MS,
): ClusterConfig {
  const texts = Object.entries(settings).map(([name, value]) => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return applyConfigPatch(from, Object.fromEntries(texts), nowMs);
}

function failureOf(run: () => unknown): AisError {
  try {
    run();
  } catch (error) {
    if (isAisError(error)) return error;
    throw error;
  }
  throw new Error("accepted");
}

describe("changes", () => {
  test("a list replaces all rules, as text and as nested JSON, and values get one spelling", () => {
    const list = [
      { id: "a", bucket: "ais://nnn", operation: "object.put", min_size: "1024", probability: "0.5" },
      { id: "b", bucket: "s3://logs-*", probability: 1, expires: "2026-08-19T12:00:00.50+01:00" },
      { id: "c", bucket: "ais://@uuid#ns/*", probability: 0, for: "90s" },
      { id: "d", min_size: 5 * 1024 ** 2, probability: 1e-3 },
    ];
    const wanted: readonly SamplingRule[] = [
      { id: "a", bucket: "ais://nnn", operation: "object.put", min_size: "1KiB", probability: 0.5 },
      { id: "b", bucket: "s3://logs-*", probability: 1, expires: "2026-08-19T11:00:00.5Z" },
      { id: "c", bucket: "ais://@uuid#ns/*", probability: 0, expires: "2026-08-19T10:01:30Z" },
      { id: "d", min_size: "5MiB", probability: 0.001 },
    ];
    const dotted = changed(config, { "tracing.rules": list });
    expect(rulesOf(dotted)).toEqual(wanted);
    expect(applyConfigJson(config, { tracing: { rules: list } }, NOW_MS)).toEqual(dotted);
    expect(parseClusterConfig(encodeJson(dotted))).toEqual(dotted);
    expect(changed(dotted, { "tracing.rules": "[]" })).toEqual(config);
  });

  test("one rule is added at the end or the start, replaced where it is, and removed", () => {
    const ids = (from: ClusterConfig) => rulesOf(from).map(({ id }) => id);
    const one = changed(config, { "tracing.rules.a": { probability: 1 } });
    const two = changed(one, { "tracing.rules.b": { id: "b", probability: 0.5 } });
    expect(ids(two)).toEqual(["a", "b"]);
    const three = changed(two, { "tracing.rules.c": { first: true, probability: 0 } });
    expect(rulesOf(three)).toEqual([
      { id: "c", probability: 0 },
      { id: "a", probability: 1 },
      { id: "b", probability: 0.5 },
    ]);
    expect(rulesOf(changed(three, { "tracing.rules.a": { probability: 0.25 } }))[1]).toEqual({
      id: "a",
      probability: 0.25,
    });
    expect(ids(changed(three, { "tracing.rules.b": { first: true, probability: 1 } }))).toEqual([
      "b",
      "c",
      "a",
    ]);
    expect(ids(changed(three, { "tracing.rules.a": "" }))).toEqual(["c", "b"]);
    const several = { "tracing.rules.a": "", "tracing.rules.d": { probability: 1 }, "log.level": "4" };
    expect(ids(changed(three, several))).toEqual(["c", "b", "d"]);
  });

  test("what has expired goes with the next change of anything", () => {
    const list = [
      { id: "short", probability: 1, for: "1m" },
      { id: "long", probability: 1, for: "1h" },
      { id: "ever", probability: 1 },
    ];
    const from = changed(config, { "tracing.rules": list });
    const later = (ms: number) =>
      rulesOf(changed(from, { "log.level": "4" }, NOW_MS + ms)).map(({ id }) => id);
    expect(later(59_999)).toEqual(["short", "long", "ever"]);
    expect(later(60_000)).toEqual(["long", "ever"]);
    expect(later(3_600_000)).toEqual(["ever"]);
    const dead = changed(config, { "tracing.rules.x": { probability: 1, for: "1s" } });
    expect(changed(dead, { "log.level": "3" }, NOW_MS + 2000)).toEqual(config);
  });
});

const rule = (members: Readonly<Record<string, unknown>>) => [{ id: "r", probability: 1, ...members }];

test.each([
  ["{}", "expecting a list of rules"],
  ["[", "failed to parse JSON"],
  [[1], "expecting a JSON object"],
  [[{ probability: 1 }], "expecting an id"],
  [rule({ id: "a.b" }), "expecting an id"],
  [rule({ id: "x".repeat(33) }), "expecting an id"],
  [[...rule({}), ...rule({})], 'two rules have the id "r"'],
  [Array.from({ length: 65 }, (_, i) => ({ id: `r${i}`, probability: 1 })), "at most 64 rules"],
  [rule({ probability: undefined }), 'rule "r": expecting a number from 0 to 1'],
  [rule({ probability: 1.5 }), "expecting a number from 0 to 1"],
  [rule({ probability: "half" }), "expecting a number from 0 to 1"],
  [rule({ bukket: "ais://nnn" }), 'rule "r": unknown member "bukket"'],
  [rule({ first: true }), 'unknown member "first"'],
  [rule({ bucket: "nnn" }), 'rule "r": expecting a bucket such as "ais://nnn"'],
  [rule({ bucket: "ais://nnn/obj" }), "expecting a bucket such as"],
  [rule({ bucket: "ais://n*n" }), "expecting a bucket such as"],
  [rule({ bucket: "ais://" }), "expecting a bucket such as"],
  [rule({ bucket: "ftp://nnn" }), 'invalid bucket provider "ftp"'],
  [rule({ operation: "object.gte" }), 'unknown operation "object.gte", expecting one of: object.get,'],
  [rule({ operation: "health.get" }), "unknown operation"],
  [rule({ operation: "intra.sync" }), "unknown operation"],
  [rule({ operation: "object.get", min_size: "1MiB" }), '"min_size" does not go with "object.get"'],
  [rule({ operation: "cluster.get", bucket: "ais://nnn" }), '"bucket" does not go with "cluster.get"'],
  [rule({ min_size: "big" }), 'invalid size "big"'],
  [rule({ min_size: 0 }), "size above 0"],
  [rule({ user: "" }), 'rule "r": expecting the name of a user'],
  [rule({ user: 7 }), "expecting the name of a user"],
  [rule({ user: "x".repeat(256) }), "1 to 255 characters"],
  [rule({ user: "al\nice" }), "none for control"],
  [rule({ user: " alice" }), "expecting the name of a user"],
  [rule({ user: "alice " }), "expecting the name of a user"],
  [rule({ for: "5" }), 'invalid duration "5"'],
  [rule({ for: "0s" }), "duration above 0"],
  [rule({ expires: "tomorrow" }), "expecting a time such as"],
  [rule({ expires: "2026-08-19T10:11:12Z", for: "1m" }), '"for" and "expires" exclude each other'],
])("%j is refused", (rules, text) => {
  const failure = failureOf(() => changed(config, { "tracing.rules": rules }));
  expect(failure.status).toBe(400);
  expect(failure.message).toContain('"tracing.rules"');
  expect(failure.message).toContain(text);
});

test.each([
  [{ "tracing.rules.gone": "" }, 'there is no rule "gone"'],
  [{ "tracing.rules.a": { id: "b", probability: 1 } }, 'has the id "b"'],
  [{ "tracing.rules.a": "[]" }, "expecting a JSON object"],
  [{ "tracing.rules.a": { first: "yes", probability: 1 } }, 'boolean for "first"'],
  [{ "tracing.rules.a": "{" }, "failed to parse JSON"],
  [{ "tracing.rules.a.b": { probability: 1 } }, "expecting an id"],
])("%j is refused", (settings, text) => {
  const failure = failureOf(() => changed(config, settings));
  expect(failure.status).toBe(400);
  expect(failure.message).toContain(text);
});

test.each(["alice", "Ann O'Neil", "a@b.example", "auth0|5f7c", "Zoë", "x".repeat(255)])(
  "a rule for the user %j is kept as it is",
  (user) => {
    const kept = changed(config, { "tracing.rules": rule({ user, operation: "object.get" }) });
    expect(rulesOf(kept)).toEqual([{ id: "r", operation: "object.get", user, probability: 1 }]);
    expect(parseClusterConfig(encodeJson(kept))).toEqual(kept);
  },
);
