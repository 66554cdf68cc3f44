import type { LogFields, Logger, LogLevel } from "@ais/base/log.ts";

/** Lines for people, with their fields as `key=value`, one write a line. */
export function lineLogger(write: (line: string) => void, now: () => Date = () => new Date()): Logger {
  return {
    log(level: LogLevel, message: string, fields: LogFields = {}): void {
      const text = Object.entries(fields)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => ` ${key}=${fieldText(value)}`)
        .join("");
      write(`${now().toISOString()} ${level.padEnd(5)} ${message}${text}\n`);
    },
  };
}

function fieldText(value: LogFields[string]): string {
  const text = String(value);
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}
