/** Decides over a new trace from the low 64 bits of its id. */
export type RatioSampler = (word2: number, word3: number) => boolean;

/**
 * Trace-id ratio sampling as in OpenTelemetry's Go and Java SDKs: the low 64 bits of the trace id, shifted right by one,
 * are compared with `probability` times 2^63. Every program that samples so, at the same probability, keeps the same traces.
 */
export function ratioSampler(probability: number): RatioSampler {
  // A double times a power of two is exact, so the bound splits into two integers without loss. Nothing is below the bound
  // of 0, and everything below that of 1: one and the same code decides, whatever it is changed to while it runs.
  const bound = probability > 0 ? Math.floor(Math.min(probability, 1) * 2 ** 63) : 0;
  const boundHigh = Math.floor(bound / 2 ** 31);
  const boundLow = bound - boundHigh * 2 ** 31;
  return (word2, word3) => {
    const high = word2 >>> 0;
    return high < boundHigh || (high === boundHigh && word3 >>> 1 < boundLow);
  };
}
