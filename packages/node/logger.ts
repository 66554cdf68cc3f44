import type { Logger, LogLevel } from "@ais/base/log.ts";

export type LogSeverity = "info" | "warning" | "error";

/** The log of a daemon: JSON lines to a rotated file or to stderr. */
export interface NodeLogger extends Logger, AsyncDisposable {
  /** True when a line of this level is kept: fields that cost something to compute are skipped otherwise. */
  isEnabled(level: LogLevel): boolean;
  /** Takes effect at once. */
  setLevel(level: LogLevel): void;
  readonly level: LogLevel;
  /** The newest lines at or above the severity as text, from byte `offsetBytes` of the current file; flushes first. */
  read(severity: LogSeverity, offsetBytes: number): Promise<string>;
  flush(): Promise<void>;
}
