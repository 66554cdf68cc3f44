/** Time as a parameter, so that tests can use wrong clocks. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. */
  nowMs(): number;
  /** Wall clock, nanoseconds since the epoch; never repeats or goes back within a process. */
  nowNs(): bigint;
  /** Monotonic, milliseconds with fraction; for durations and time-outs. */
  monotonicMs(): number;
}

const originNs = BigInt(Math.round(performance.timeOrigin * 1000)) * 1000n;
let lastNs = 0n;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  nowNs() {
    const now = originNs + BigInt(Math.round(performance.now() * 1e6));
    lastNs = now > lastNs ? now : lastNs + 1n;
    return lastNs;
  },
  monotonicMs: () => performance.now(),
};
