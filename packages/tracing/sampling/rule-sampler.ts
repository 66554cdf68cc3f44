import type { Clock } from "@ais/base/clock.ts";
import { parseSize } from "@ais/base/units.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import { expiryMs, type SamplingRule } from "@ais/wire/sampling-rules.ts";
import type { InboundCarrier, InboundFacts } from "../types.ts";
import { type RatioSampler, ratioSampler } from "../w3c/sampler.ts";
import { claimedUser } from "./claimed-user.ts";

const AUTHORIZATION = HEADERS.authorization.toLowerCase();

/** A rule in the form in which it is asked. */
export interface CompiledRule {
  readonly id: string;
  readonly sampler: RatioSampler;
  readonly expiresMs: number;
  readonly bucket: string | null;
  /** `bucket` is the beginning of the names that match. */
  readonly isPrefix: boolean;
  readonly operation: string | null;
  readonly minSizeBytes: number;
  readonly user: string | null;
}

/** Finds the rule that decides over a new trace (tracing.md 5). A rule ends by this node's wall clock. */
export class RuleSampler {
  readonly #rules: readonly CompiledRule[];
  readonly #clock: Clock;

  constructor(rules: readonly SamplingRule[], clock: Clock) {
    this.#rules = rules.map(compile);
    this.#clock = clock;
  }

  /** The first rule whose conditions all hold. Users are what callers say they are. */
  match(facts: InboundFacts, request: Pick<InboundCarrier, "header">): CompiledRule | null {
    // Looked for when the first rule needs it.
    let user: string | null = null;
    for (const rule of this.#rules) {
      if (!matches(rule, facts) || !this.#isInForce(rule)) continue;
      if (rule.user === null) return rule;
      user ??= claimedUser(request.header(AUTHORIZATION));
      if (user === rule.user) return rule;
    }
    return null;
  }

  #isInForce({ expiresMs }: CompiledRule): boolean {
    return expiresMs === Infinity || expiresMs > this.#clock.nowMs();
  }
}

function compile(rule: SamplingRule): CompiledRule {
  const { id, bucket = null, operation = null, min_size: minSize, user = null, probability } = rule;
  const isPrefix = bucket?.endsWith("*") === true;
  return {
    id,
    sampler: ratioSampler(probability),
    expiresMs: expiryMs(rule),
    bucket: isPrefix && bucket !== null ? bucket.slice(0, -1) : bucket,
    isPrefix,
    operation,
    minSizeBytes: minSize === undefined ? 0 : parseSize(minSize),
    user,
  };
}

/** A size that is not known is not the least size: the rule passes the request over. */
function matches(rule: CompiledRule, request: InboundFacts): boolean {
  if (rule.operation !== null && rule.operation !== request.operation) return false;
  if (rule.minSizeBytes > 0 && (request.sizeBytes === null || request.sizeBytes < rule.minSizeBytes))
    return false;
  if (rule.bucket === null) return true;
  const { bucket } = request;
  return rule.isPrefix ? bucket.startsWith(rule.bucket) : bucket === rule.bucket;
}
