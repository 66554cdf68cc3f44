export type Env = Readonly<Record<string, string | undefined>>;

/** Stands for a time without end: a day and more, and as much as a gRPC call can be given (8 digits). */
export const NO_LIMIT_MS = 99_999_999;

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

/** The same for the time that something may take, in milliseconds, where 0 sets no limit. */
export function envTimeoutMs(env: Env, names: readonly string[], fallback: number): number {
  const timeoutMs = envNumber(env, names, fallback, 0, NO_LIMIT_MS);
  return timeoutMs === 0 ? NO_LIMIT_MS : timeoutMs;
}

const NUMBERS = /^OTEL_(BSP_\w+|EXPORTER_OTLP_(TRACES_)?TIMEOUT|(SPAN|ATTRIBUTE|EVENT|LINK)_\w+_LIMIT)$/;

/** `name=value` of those that should be numbers and are none, for a warning. */
export function wrongNumbers(env: Env): readonly string[] {
  return Object.entries(env)
    .filter(([name, value]) => NUMBERS.test(name) && !/^\d{0,15}$/.test(value?.trim() ?? ""))
    .map(([name, value]) => `${name}=${value}`);
}
