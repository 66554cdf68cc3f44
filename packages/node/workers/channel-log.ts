/** Log lines of a worker: they go to the main process, which alone writes the node's log. */
import type { LogSink } from "../logger.ts";

const FLUSH_DELAY_MS = 100;
/** Lines beyond this wait for nobody: they are dropped and counted. */
const PENDING_MAX_CHARS = 4 * 1024 * 1024;

/** `send` resolves when the lines have been taken, and never rejects. */
export class ChannelLog implements LogSink {
  readonly #send: (lines: string) => Promise<void>;
  #pending: string[] = [];
  #pendingChars = 0;
  #droppedLines = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #sending: Promise<void> = Promise.resolve();

  constructor(send: (lines: string) => Promise<void>) {
    this.#send = send;
  }

  write(line: string): void {
    if (this.#pendingChars > PENDING_MAX_CHARS) {
      this.#droppedLines++;
      return;
    }
    this.#pending.push(line);
    this.#pendingChars += line.length;
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => void this.flush(), FLUSH_DELAY_MS);
    this.#timer.unref?.();
  }

  flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#sending = this.#sending.then(() => this.#sendPending());
    return this.#sending;
  }

  /** The log is the main process's to read. */
  async read(): Promise<string> {
    return "";
  }

  /** The main process's to do. */
  async rotate(): Promise<void> {}

  async files(): Promise<readonly string[]> {
    return [];
  }

  async #sendPending(): Promise<void> {
    if (this.#droppedLines > 0) {
      const line = { level: "warn", msg: "dropped log lines", lines: this.#droppedLines };
      this.#pending.push(`${JSON.stringify(line)}\n`);
      this.#droppedLines = 0;
    }
    if (this.#pending.length === 0) return;
    const lines = this.#pending.join("");
    this.#pending = [];
    this.#pendingChars = 0;
    await this.#send(lines);
  }
}
