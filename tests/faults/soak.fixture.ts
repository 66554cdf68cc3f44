/** How long the random tests of this folder run: briefly in `make test`, for `AIS_SOAK_SECONDS` each in `make soak`. */
const soakSeconds = Number(process.env["AIS_SOAK_SECONDS"] ?? 0);

/** Calls `round` at least `shortCount` times, and until the time of a soak is over. */
export async function rounds(shortCount: number, round: (number: number) => Promise<void>): Promise<void> {
  const endMs = performance.now() + soakSeconds * 1000;
  for (let number = 0; number < shortCount || performance.now() < endMs; number++) await round(number);
}

/** For `test`: the time of the short form, and what a soak adds. */
export function soakTimeoutMs(shortMs: number): number {
  return shortMs + soakSeconds * 2000;
}
