/** `--refresh` and `--count`: a command that shows something again and again, until it has been shown so often or Ctrl-C. */
import { sleep } from "@ais/base/lifecycle.ts";
import { type Command, InvalidArgumentError } from "commander";
import type { CommandContext } from "./context.ts";
import { UsageError } from "./errors.ts";
import { parseDurationValue, parsePositiveCount } from "./option-values.ts";

export interface RefreshOptions {
  /** Milliseconds. */
  readonly refresh?: number;
  readonly count?: number;
}

export function withRefreshOptions(command: Command): Command {
  return command
    .option("--refresh <time>", "show it again at this interval, such as 5s", parseIntervalValue)
    .option("--count <number>", "with --refresh: so many times", parsePositiveCount);
}

/** What a timer can wait for, about 24.8 days. A longer one would be over at once. */
const INTERVAL_MAX_MS = 2 ** 31 - 1;

/** Milliseconds for a timer. A bare number is seconds, as in AIStore. */
export function parseIntervalValue(text: string): number {
  const intervalMs = parseDurationValue(/^\d+$/.test(text) ? `${text}s` : text);
  if (intervalMs === 0) throw new InvalidArgumentError("Expecting a time above 0.");
  if (intervalMs > INTERVAL_MAX_MS) throw new InvalidArgumentError("Expecting a time of at most 24 days.");
  return intervalMs;
}

/** The first time is at once. */
export async function showRepeatedly(
  { io }: CommandContext,
  { refresh, count }: RefreshOptions,
  show: () => Promise<void>,
): Promise<void> {
  if (refresh === undefined && count !== undefined) throw new UsageError("--count takes --refresh");
  const times = refresh === undefined ? 1 : (count ?? Number.POSITIVE_INFINITY);
  for (let shown = 1; ; shown++) {
    await show();
    if (shown >= times) return;
    await sleep(refresh ?? 0, io.signal);
    io.signal.throwIfAborted();
  }
}
