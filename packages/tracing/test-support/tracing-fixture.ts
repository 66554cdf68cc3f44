/** A `LiveTracing` with settings for tests. */
import { systemClock } from "@ais/base/clock.ts";
import type { LogFields, Logger, LogLevel } from "@ais/base/log.ts";
import { DEFAULT_TRACING_SECTION, type TracingSection } from "@ais/wire/tracing-config.ts";
import { LiveTracing, type TracingOverrides } from "../live-tracing.ts";
import type { InboundCarrier, TracingOptions } from "../types.ts";

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** Keeps its lines and tells who waits for one. */
export class LogKeeper implements Logger {
  readonly lines: LogLine[] = [];

  log(level: LogLevel, message: string, fields: LogFields = {}): void {
    this.lines.push({ level, message, fields });
  }

  messages(): string[] {
    return this.lines.map(({ message }) => message);
  }
}

export class TracingFixture implements AsyncDisposable {
  readonly log = new LogKeeper();
  readonly tracing: LiveTracing;

  constructor(env: TracingOptions["env"] = {}, overrides: TracingOverrides = {}) {
    const options: TracingOptions = {
      role: "target",
      nodeId: "t1",
      version: "5.0.0-ts",
      hostname: "host-1",
      env,
      logger: this.log,
      clock: systemClock,
    };
    this.tracing = new LiveTracing(options, {
      ...overrides,
      settings: { delayMs: 10, ...overrides.settings },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tracing.stop(0);
  }

  /** Ends one root span a name. */
  record(...names: readonly string[]): void {
    for (const name of names) this.tracing.startRoot(name).end();
  }

  /** The equation that holds at every moment, in one figure: 0. */
  unaccounted(): number {
    const { spansEnded, spansExported, spansDropped, spansQueued } = this.tracing.stats();
    const dropped = Object.values(spansDropped).reduce((sum, count) => sum + count, 0);
    return spansEnded - spansExported - dropped - spansQueued;
  }

  /** Resolves when nothing is queued; the test's time-out is the deadline. */
  async settled(): Promise<void> {
    while (this.tracing.stats().spansQueued > 0) await Bun.sleep(2);
  }
}

export function section(changes: Partial<TracingSection>): TracingSection {
  return { ...DEFAULT_TRACING_SECTION, enabled: true, ...changes };
}

/** A request with these headers and decoded query items. */
export function carrier(
  headers: Readonly<Record<string, string>> = {},
  query: Readonly<Record<string, string>> = {},
): InboundCarrier {
  return { header: (name) => headers[name] ?? null, query: (name) => query[name] ?? null };
}
