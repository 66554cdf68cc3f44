/** How long the random tests of this folder run: briefly in `make test`, for `AIS_SOAK_SECONDS` each in `make soak`. */
const soakSeconds = Number(process.env["AIS_SOAK_SECONDS"] ?? 0);

/** Calls `round` at least `shortCount` times, and until the time of a soak is over. */
export async function rounds(shortCount: number, round: (number: number) => Promise<void>): Promise<void> {
  const endMs = performance.now() + soakSeconds * 1000;
  for (let number = 0; number < shortCount || performance.now() < endMs; number++) await round(number);
}

/**
 * As `rounds`, and more of them until enough has come about: how much does in one is chance, and the speed of the machine.
 * Ends after ten times as many in any case.
 */
export async function roundsUntil(
  isEnough: () => boolean,
  shortCount: number,
  round: (number: number) => Promise<void>,
): Promise<void> {
  await rounds(shortCount, round);
  for (let extra = 0; !isEnough() && extra < 9 * shortCount; extra++) await round(shortCount + extra);
}

/** For `test`: the time of the short form, and what a soak adds. */
export function soakTimeoutMs(shortMs: number): number {
  return shortMs + soakSeconds * 2000;
}
