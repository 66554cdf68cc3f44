/** What is compared: the same target, started in different ways. */
export const VARIANTS = ["plain", "disabled", "p0", "p1", "p100", "sdk_p100"] as const;
export type Variant = (typeof VARIANTS)[number];

/** A bare server beside them, which no figure of the results file is about. */
export const CEILING = "ceiling";

export interface VariantPlan {
  /** Built with the tracing code in it. */
  readonly tracing: boolean;
  /** Of the sampler; null leaves tracing disabled. */
  readonly probability: string | null;
  readonly sdk: boolean;
}

export const VARIANT_PLANS: Readonly<Record<Variant, VariantPlan>> = {
  plain: { tracing: false, probability: null, sdk: false },
  disabled: { tracing: true, probability: null, sdk: false },
  p0: { tracing: true, probability: "0", sdk: false },
  p1: { tracing: true, probability: "0.01", sdk: false },
  p100: { tracing: true, probability: "1.0", sdk: false },
  sdk_p100: { tracing: false, probability: null, sdk: true },
};
