/** Decides over a new trace from the low 64 bits of its id. */
export type RatioSampler = (word2: number, word3: number) => boolean;

/**
 * Trace-id ratio sampling as in OpenTelemetry's Go and Java SDKs: the low 64 bits of the trace id, shifted right by one,
 * are compared with `probability` times 2^63. Every program that samples so, at the same probability, keeps the same traces.
 */
export function ratioSampler(probability: number): RatioSampler {
  if (probability >= 1) return () => true;
  if (!(probability > 0)) return () => false;
  // A double times a power of two is exact, so the bound splits into two integers without loss.
  const bound = Math.floor(probability * 2 ** 63);
  const boundHigh = Math.floor(bound / 2 ** 31);
  const boundLow = bound - boundHigh * 2 ** 31;
  return (word2, word3) => {
    const high = word2 >>> 0;
    return high < boundHigh || (high === boundHigh && word3 >>> 1 < boundLow);
  };
}
