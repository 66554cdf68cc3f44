/**
 * What is compared: three builds of a target, one of which is steered from state to state while it runs, from the state that
 * needs the least code to the one that needs the most. What a runtime has compiled once stays: a daemon that has traced takes
 * some per cent more with tracing disabled than one that never has.
 */
export const BUILDS = ["plain", "oteltracing", "sdk"] as const;
export type Build = (typeof BUILDS)[number];

export const VARIANTS = ["plain", "disabled", "p0", "p1", "p100", "sdk_p100"] as const;
export type Variant = (typeof VARIANTS)[number];

/** Measured beside each of the others. */
export const BASE: Variant = "plain";

/** A bare server beside them, which no figure of the results file is about. */
export const CEILING = "ceiling";

export interface VariantPlan {
  readonly build: Build;
  /** Of the live sampler; null: tracing is disabled. Undefined: not steered. */
  readonly probability?: string | null;
  /** Every request is traced. */
  readonly isTraced: boolean;
}

export const VARIANT_PLANS: Readonly<Record<Variant, VariantPlan>> = {
  plain: { build: "plain", isTraced: false },
  disabled: { build: "oteltracing", probability: null, isTraced: false },
  p0: { build: "oteltracing", probability: "0", isTraced: false },
  p1: { build: "oteltracing", probability: "0.01", isTraced: false },
  p100: { build: "oteltracing", probability: "1", isTraced: true },
  sdk_p100: { build: "sdk", isTraced: true },
};
