import type { LogLevel } from "@ais/base/log.ts";

/** AIStore's `log.level` is a verbosity from 0 to 5 with a default of 3. */
export const DEFAULT_VERBOSITY = "3";
const VERBOSITY_DEBUG = 4;

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

export function levelOfVerbosity(verbosity: string): LogLevel {
  return Number.parseInt(verbosity, 10) >= VERBOSITY_DEBUG ? "debug" : "info";
}

export function isAtLeast(level: LogLevel, least: LogLevel): boolean {
  return RANK[level] >= RANK[least];
}
