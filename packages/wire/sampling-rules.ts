/** `tracing.rules`: which new traces are sampled with another probability than the cluster's (tracing.md 5). */
import { formatSizeExact, parseDurationNs, parseSize } from "@ais/base/units.ts";
import { bucketCname, parseObjectUri } from "./bck.ts";
import { KeyedField } from "./config-field.ts";
import { parseRfc3339, rfc3339Nano } from "./go-time.ts";
import { decodeJson } from "./json.ts";
import { OPERATIONS, type Operation } from "./operations.ts";
import { parseShare } from "./share.ts";

/** One rule. Every condition that it names must hold; without conditions it is for every request. */
export interface SamplingRule {
  readonly id: string;
  /** `ais://nnn`, or `ais://nnn*` for every bucket whose name begins so. */
  readonly bucket?: string;
  readonly operation?: Operation;
  /** Least size of the object that a PUT brings. */
  readonly min_size?: string;
  /** Whom the caller's token names. It is not verified: who wants to be sampled as somebody else can be. */
  readonly user?: string;
  /** From 0 to 1. */
  readonly probability: number;
  /** RFC 3339; each node goes by its own wall clock. Without it the rule stays until it is removed. */
  readonly expires?: string;
  /** In a change only, in place of `expires`: the rule lasts so long from now on. */
  readonly for?: string;
}

export const SAMPLING_RULES_MAX = 64;
const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;
const MEMBERS: readonly string[] = [
  "id",
  "bucket",
  "operation",
  "min_size",
  "user",
  "probability",
  "expires",
  "for",
] satisfies (keyof SamplingRule)[];
/** The one operation that says how large its object is before the decision has to fall. */
const SIZED_OPERATION: Operation = "object.put";
/** As long as OpenID Connect lets a subject be. */
const USER_MAX_CHARS = 255;
const USER = /^\P{C}+$/u;
const NS_PER_MS = 1_000_000n;

/**
 * A JSON array replaces all rules. `tracing.rules.<id>=<JSON object>` adds one at the end, or at the start with
 * `"first": true`, or replaces the one of that id; `tracing.rules.<id>=` removes it.
 */
export function samplingRules(): KeyedField<readonly SamplingRule[]> {
  return new KeyedField<readonly SamplingRule[]>([], parseRules, withRule);
}

/** Rules of a change as they are stored: durations are times, and what has expired is gone. */
export function settleRules(rules: readonly SamplingRule[], nowMs: number): readonly SamplingRule[] {
  return rules
    .map(({ for: duration, ...rule }) =>
      duration === undefined
        ? rule
        : {
            ...rule,
            expires: rfc3339Nano(BigInt(Math.floor(nowMs)) * NS_PER_MS + parseDurationNs(duration)),
          },
    )
    .filter((rule) => expiryMs(rule) > nowMs);
}

/** When the rule ends, in milliseconds since the epoch; infinity for never. */
export function expiryMs({ expires }: SamplingRule): number {
  if (expires === undefined) return Number.POSITIVE_INFINITY;
  return Number((parseRfc3339(expires) ?? 0n) / NS_PER_MS);
}

function parseRules(value: unknown): readonly SamplingRule[] {
  const list = typeof value === "string" ? (value.trim() === "" ? [] : decodeJson(value)) : value;
  if (!Array.isArray(list)) throw new TypeError("expecting a list of rules");
  if (list.length > SAMPLING_RULES_MAX) {
    throw new TypeError(`expecting at most ${SAMPLING_RULES_MAX} rules, got ${list.length}`);
  }
  const ids = new Set<string>();
  return list.map((item: unknown) => {
    const rule = parseRule(item);
    if (ids.has(rule.id)) throw new TypeError(`two rules have the id "${rule.id}"`);
    ids.add(rule.id);
    return rule;
  });
}

function withRule(rules: readonly SamplingRule[], id: string, text: string): unknown {
  const at = rules.findIndex((rule) => rule.id === id);
  if (text === "") {
    if (at < 0) throw new TypeError(`there is no rule "${id}"`);
    return rules.toSpliced(at, 1);
  }
  const { first = false, ...change } = expectObject(decodeJson(text));
  if (typeof first !== "boolean") throw new TypeError(`expecting a boolean for "first"`);
  const rule = parseRule({ id, ...change });
  if (rule.id !== id) throw new TypeError(`the rule of this name has the id "${rule.id}"`);
  if (first) return [rule, ...rules.filter((other) => other.id !== id)];
  return at < 0 ? [...rules, rule] : rules.with(at, rule);
}

function parseRule(json: unknown): SamplingRule {
  const item = expectObject(json);
  const { id } = item;
  if (typeof id !== "string" || !ID.test(id)) {
    throw new TypeError(`expecting an id of 1 to 32 letters, digits, "-" and "_" for every rule`);
  }
  try {
    return parseMembers(id, item);
  } catch (error) {
    throw new TypeError(`rule "${id}": ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parseMembers(id: string, item: Readonly<Record<string, unknown>>): SamplingRule {
  const unknown = Object.keys(item).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) throw new TypeError(`unknown member "${unknown}"`);
  const { bucket, operation, min_size, user, probability, expires, for: duration } = item;
  if (expires !== undefined && duration !== undefined)
    throw new TypeError(`"for" and "expires" exclude each other`);
  const rule: SamplingRule = {
    id,
    ...(bucket === undefined ? {} : { bucket: parseBucketPattern(bucket) }),
    ...(operation === undefined ? {} : { operation: parseOperation(operation) }),
    ...(min_size === undefined ? {} : { min_size: parseMinSize(min_size) }),
    ...(user === undefined ? {} : { user: parseUser(user) }),
    probability: Number(parseShare(probability)),
    ...(expires === undefined ? {} : { expires: parseExpiry(expires) }),
    ...(duration === undefined ? {} : { for: parseDuration(duration) }),
  };
  checkTogether(rule);
  return rule;
}

/** A rule that no request can meet is a mistake, and nothing else would tell. */
function checkTogether({ bucket, operation, min_size }: SamplingRule): void {
  if (operation === undefined) return;
  if (min_size !== undefined && operation !== SIZED_OPERATION) {
    throw new TypeError(
      `"min_size" does not go with "${operation}": only "${SIZED_OPERATION}" tells its size before the decision`,
    );
  }
  if (bucket !== undefined && !OPERATIONS[operation].route.includes("{bucket}")) {
    throw new TypeError(`"bucket" does not go with "${operation}", which is about no bucket`);
  }
}

function parseBucketPattern(value: unknown): string {
  const wanted = `expecting a bucket such as "ais://nnn" or "ais://nnn*"`;
  if (typeof value !== "string" || !value.includes("://")) throw new TypeError(wanted);
  const isPrefix = value.endsWith("*");
  const { bucket, objectName } = parseObjectUri(isPrefix ? value.slice(0, -1) : value);
  if (objectName !== "" || /[*/]/.test(bucket.name) || (bucket.name === "" && !isPrefix))
    throw new TypeError(wanted);
  return bucketCname(bucket) + (isPrefix ? "*" : "");
}

/** Calls between nodes continue a trace, so that nothing is decided about them. */
function parseOperation(value: unknown): Operation {
  const known = Object.entries(OPERATIONS).filter(
    ([name, { traced }]) => traced && !name.startsWith("intra."),
  );
  const found = known.find(([name]) => name === value);
  if (found === undefined) {
    throw new TypeError(
      `unknown operation "${String(value)}", expecting one of: ${known.map(([name]) => name).join(", ")}`,
    );
  }
  return found[0] as Operation;
}

function parseMinSize(value: unknown): string {
  const bytes = typeof value === "number" ? value : typeof value === "string" ? parseSize(value, "iec") : -1;
  if (!Number.isSafeInteger(bytes) || bytes <= 0)
    throw new TypeError(`expecting a size above 0 for "min_size"`);
  return formatSizeExact(bytes);
}

function parseUser(value: unknown): string {
  if (
    typeof value !== "string" ||
    value.length > USER_MAX_CHARS ||
    !USER.test(value) ||
    value.trim() !== value
  ) {
    throw new TypeError(
      `expecting the name of a user for "user": 1 to ${USER_MAX_CHARS} characters, none for control, no space at the ends`,
    );
  }
  return value;
}

function parseExpiry(value: unknown): string {
  const timeNs = typeof value === "string" ? parseRfc3339(value) : null;
  if (timeNs === null || timeNs <= 0n) {
    throw new TypeError(`expecting a time such as "2026-08-19T10:11:12Z" for "expires"`);
  }
  return rfc3339Nano(timeNs);
}

function parseDuration(value: unknown): string {
  if (typeof value !== "string" || parseDurationNs(value) <= 0n) {
    throw new TypeError(`expecting a duration above 0, such as "5m", for "for"`);
  }
  return value;
}

function expectObject(json: unknown): Readonly<Record<string, unknown>> {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new TypeError("expecting a JSON object for a rule");
  return json as Readonly<Record<string, unknown>>;
}
