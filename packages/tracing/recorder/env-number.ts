export type Env = Readonly<Record<string, string | undefined>>;

/**
 * The first of `names` that holds a whole number from `min` to `max`, else `fallback`. What is no such number counts as
 * unset, as OpenTelemetry's environment rules ask.
 */
export function envNumber(
  env: Env,
  names: readonly string[],
  fallback: number,
  min: number,
  max: number,
): number {
  for (const name of names) {
    const text = env[name]?.trim() ?? "";
    if (!/^\d{1,15}$/.test(text)) continue;
    const value = Number(text);
    if (value >= min && value <= max) return value;
  }
  return fallback;
}
