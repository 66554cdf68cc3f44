import type { Clock } from "@ais/base/clock.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import { isTrueText } from "@ais/wire/queries.ts";
import type { SamplingRule } from "@ais/wire/sampling-rules.ts";
import type { TracingSection } from "@ais/wire/tracing-config.ts";
import type { InboundCarrier, Span } from "../types.ts";
import { type RatioSampler, ratioSampler } from "../w3c/sampler.ts";
import { type CompiledRule, RuleSampler } from "./rule-sampler.ts";

/** On the SERVER span of the node that decided: id of the rule by which it did. */
export const RULE_ATTRIBUTE = "ais.sampling.rule";
/** The caller asked for this trace, which would not have been sampled otherwise. */
export const FORCED_ATTRIBUTE = "ais.sampling.forced";

const TRACE_HEADER = HEADERS.trace.toLowerCase();

export interface HeadSamplerOptions {
  /** From 0 to 1, for what no rule is about. */
  readonly probability: number;
  readonly rules: readonly SamplingRule[];
  /** False: who a caller says it is counts for nothing, and rules by user match no request. */
  readonly believesUsers: boolean;
  /** Callers may have their request sampled. */
  readonly allowsForced: boolean;
  readonly clock: Clock;
}

export interface HeadDecision {
  readonly sampled: boolean;
  /** Id of the rule that decided; empty when the cluster's probability did. */
  readonly ruleId: string;
  readonly forced: boolean;
}

const YES: HeadDecision = { sampled: true, ruleId: "", forced: false };
const NO: HeadDecision = { sampled: false, ruleId: "", forced: false };
const FORCED: HeadDecision = { sampled: true, ruleId: "", forced: true };

/** Decides over traces that begin on this node; all others follow their parent. */
export class HeadSampler {
  readonly #sampler: RatioSampler;
  /** Null without rules, so that they cost nothing then. */
  readonly #rules: RuleSampler | null;
  readonly #allowsForced: boolean;

  constructor({ probability, rules, believesUsers, allowsForced, clock }: HeadSamplerOptions) {
    this.#sampler = ratioSampler(probability);
    const usable = believesUsers ? rules : rules.filter(({ user }) => user === undefined);
    this.#rules = usable.length === 0 ? null : new RuleSampler(usable, clock);
    this.#allowsForced = allowsForced;
  }

  /** From the low words of the trace's id, and the request that begins it; null is background work. */
  decide(word2: number, word3: number, request: InboundCarrier | null): HeadDecision {
    const decision = this.#decide(word2, word3, request);
    if (decision.sampled || request === null || !this.#allowsForced) return decision;
    return isTrueText(request.header(TRACE_HEADER)) ? FORCED : decision;
  }

  #decide(word2: number, word3: number, request: InboundCarrier | null): HeadDecision {
    const rule = this.#matchingRule(request);
    if (rule === null) return this.#sampler(word2, word3) ? YES : NO;
    return { sampled: rule.sampler(word2, word3), ruleId: rule.id, forced: false };
  }

  #matchingRule(request: InboundCarrier | null): CompiledRule | null {
    if (this.#rules === null || request === null) return null;
    const facts = request.facts?.();
    return facts === undefined ? null : this.#rules.match(facts, request);
  }
}

export function describeDecision(span: Span, { ruleId, forced }: HeadDecision): void {
  if (ruleId !== "") span.set(RULE_ATTRIBUTE, ruleId);
  if (forced) span.set(FORCED_ATTRIBUTE, true);
}

/** Validation has refused everything but a number from 0 to 1 and an empty text, which stands for 1. */
export function probabilityOf(section: TracingSection): number {
  const text = section.sampler_probability.trim();
  if (text === "") return 1;
  const probability = Number(text);
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`invalid tracing.sampler_probability "${text}": expected a number from 0 to 1`);
  }
  return probability;
}
