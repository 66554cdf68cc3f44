/** The log of a daemon: JSON lines, written behind the request's back. */
import { type Clock, systemClock } from "@ais/base/clock.ts";
import type { LogFields, Logger, LogLevel, LogSpan } from "@ais/base/log.ts";
import { openLogFile } from "./log-file.ts";
import { DEFAULT_VERBOSITY, isAtLeast, levelOfVerbosity } from "./log-level.ts";

export type LogSeverity = "info" | "warning" | "error";

export interface NodeLogger extends Logger, AsyncDisposable {
  /** True when a line of this level is kept: fields that cost something to compute are skipped otherwise. */
  isEnabled(level: LogLevel): boolean;
  /** AIStore's `log.level`, `0` to `5`. */
  readonly verbosity: string;
  /** Takes effect at once. */
  setVerbosity(verbosity: string): void;
  /** Text of the current file from byte `offsetBytes`, lines below the severity left out. Written lines are in it. */
  read(severity: LogSeverity, offsetBytes: number): Promise<string>;
  /** Every file that is kept, oldest first. Empty when the log goes to stderr. */
  files(): Promise<readonly string[]>;
  /** Takes over whole lines that another process of this node has made. */
  append(lines: string): void;
  flush(): Promise<void>;
  /** Begins a new file; without files there is nothing to do. */
  rotate(): Promise<void>;
}

/** Where lines go. `write` never blocks; a sink that cannot keep up drops lines and counts them. */
export interface LogSink {
  write(line: string): void;
  flush(): Promise<void>;
  /** The newest bytes of the log. */
  read(offsetBytes: number): Promise<string>;
  files(): Promise<readonly string[]>;
  rotate(): Promise<void>;
}

export interface NodeLoggerOptions {
  readonly nodeName: string;
  /** Directory of the files; null writes to stderr. */
  readonly directory: string | null;
  readonly verbosity?: string;
  readonly maxFileBytes?: number;
  readonly maxTotalBytes?: number;
  readonly clock?: Clock;
  /** Of a worker: its number, which goes with every line, and where its lines go instead. */
  readonly worker?: { readonly number: number; readonly sink: LogSink };
}

const MIB = 1024 * 1024;
const LEAST_OF_SEVERITY: Readonly<Record<LogSeverity, LogLevel>> = {
  info: "debug",
  warning: "warn",
  error: "error",
};

export async function createNodeLogger(options: NodeLoggerOptions): Promise<NodeLogger> {
  const sink =
    options.worker !== undefined
      ? options.worker.sink
      : options.directory === null
        ? new StderrSink()
        : await openLogFile({
            directory: options.directory,
            maxFileBytes: options.maxFileBytes ?? 64 * MIB,
            maxTotalBytes: options.maxTotalBytes ?? 512 * MIB,
          });
  return new JsonLogger(options, sink);
}

class JsonLogger implements NodeLogger {
  readonly #node: string;
  readonly #worker: { readonly worker?: number };
  readonly #sink: LogSink;
  readonly #clock: Clock;
  #verbosity: string;
  #least: LogLevel;

  constructor(options: NodeLoggerOptions, sink: LogSink) {
    this.#node = options.nodeName;
    this.#worker = options.worker === undefined ? {} : { worker: options.worker.number };
    this.#sink = sink;
    this.#clock = options.clock ?? systemClock;
    this.#verbosity = options.verbosity ?? DEFAULT_VERBOSITY;
    this.#least = levelOfVerbosity(this.#verbosity);
  }

  get verbosity(): string {
    return this.#verbosity;
  }

  setVerbosity(verbosity: string): void {
    this.#verbosity = verbosity;
    this.#least = levelOfVerbosity(verbosity);
  }

  isEnabled(level: LogLevel): boolean {
    return isAtLeast(level, this.#least);
  }

  log(level: LogLevel, message: string, fields: LogFields = {}, span?: LogSpan): void {
    if (!this.isEnabled(level)) return;
    const trace = span?.recording ? { trace_id: span.context.traceId, span_id: span.context.spanId } : {};
    const ts = new Date(this.#clock.nowMs()).toISOString();
    const head = { level, ts };
    // Lines begin with their level, by which they are selected; no field can pass for one of the fixed members.
    const line = JSON.stringify(
      { ...head, ...fields, ...head, node: this.#node, ...this.#worker, msg: message, ...trace },
      bigintText,
    );
    this.#sink.write(`${line}\n`);
  }

  async read(severity: LogSeverity, offsetBytes: number): Promise<string> {
    await this.flush();
    const text = await this.#sink.read(offsetBytes);
    const least = LEAST_OF_SEVERITY[severity];
    if (least === "debug") return text;
    return text
      .split("\n")
      .filter((line) => line !== "" && isAtLeast(lineLevel(line), least))
      .map((line) => `${line}\n`)
      .join("");
  }

  files(): Promise<readonly string[]> {
    return this.#sink.files();
  }

  append(lines: string): void {
    for (const line of lines.split(/(?<=\n)/)) this.#sink.write(line);
  }

  flush(): Promise<void> {
    return this.#sink.flush();
  }

  rotate(): Promise<void> {
    return this.#sink.rotate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
  }
}

/** Keeps the last lines in memory, so that `what=log` has an answer. */
class StderrSink implements LogSink {
  static readonly #keptLines = 1000;
  readonly #lines: string[] = [];

  write(line: string): void {
    process.stderr.write(line);
    this.#lines.push(line);
    if (this.#lines.length > 2 * StderrSink.#keptLines) this.#lines.splice(0, StderrSink.#keptLines);
  }

  async flush(): Promise<void> {}

  async rotate(): Promise<void> {}

  async read(offsetBytes: number): Promise<string> {
    return Buffer.from(this.#lines.join("")).subarray(offsetBytes).toString();
  }

  async files(): Promise<readonly string[]> {
    return [];
  }
}

function bigintText(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

/** Lines start with their level. */
function lineLevel(line: string): LogLevel {
  const level = /^\{"level":"(debug|info|warn|error)"/.exec(line)?.[1];
  return level === undefined ? "info" : (level as LogLevel);
}
