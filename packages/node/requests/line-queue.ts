/** Lines for one reader of a stream: bounded, and what the reader was too slow for is counted and told. */

const LINES_MAX = 1_000;
const QUEUE_MAX_CHARS = 512 * 1024;
/** Tells a reader's connection apart from a dead one, and a dead reader from a patient one. */
const HEARTBEAT_MS = 10_000;
const HEARTBEAT = "\n";

export interface LineQueueOptions {
  /** The line that says how many are missing here. */
  readonly droppedLine: (count: number) => string;
  /** Called once, when the reader has gone or the queue was closed. */
  readonly onEnd: () => void;
}

export class LineQueue {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #options: LineQueueOptions;
  readonly #encoder = new TextEncoder();
  readonly #heartbeat: ReturnType<typeof setInterval>;
  /** The first goes out at once, so that the reader sees the reply's head. */
  #lines: string[] = [HEARTBEAT];
  #chars = 0;
  #dropped = 0;
  #closed = false;
  #wake: (() => void) | null = null;

  constructor(options: LineQueueOptions) {
    this.#options = options;
    this.stream = new ReadableStream({
      pull: (controller) => this.#pull(controller),
      cancel: () => this.close(),
    });
    this.#heartbeat = setInterval(() => {
      if (this.#lines.length === 0) this.push(HEARTBEAT);
    }, HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  /** `line` ends with a line feed. */
  push(line: string): void {
    if (this.#closed) return;
    if (this.#lines.length >= LINES_MAX || this.#chars + line.length > QUEUE_MAX_CHARS) {
      this.#dropped++;
      return;
    }
    this.#lines.push(line);
    this.#chars += line.length;
    this.#wake?.();
  }

  /** Ends the stream after what is queued. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#heartbeat);
    this.#options.onEnd();
    this.#wake?.();
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    while (this.#lines.length === 0 && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    if (this.#lines.length === 0) {
      controller.close();
      return;
    }
    let text = this.#lines.join("");
    if (this.#dropped > 0) text += this.#options.droppedLine(this.#dropped);
    this.#lines = [];
    this.#chars = 0;
    this.#dropped = 0;
    controller.enqueue(this.#encoder.encode(text));
  }
}
