/** A log file that is rotated by size. Lines gather in memory for a moment and are appended together. */
import { appendFile, mkdir, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { LogSink } from "./logger.ts";

export interface LogFileOptions {
  readonly directory: string;
  readonly maxFileBytes: number;
  /** Of all files together; the oldest go first. */
  readonly maxTotalBytes: number;
}

const CURRENT = "aisnode.log";
const ROTATED = /^aisnode\.\d{8}T\d{9}Z\.\d+\.log$/;
const FLUSH_DELAY_MS = 100;
/** Lines beyond this wait for nobody: they are dropped and counted. */
const PENDING_MAX_BYTES = 8 * 1024 * 1024;
/** Most that `read` returns, from the end of the file. */
const READ_MAX_BYTES = 16 * 1024 * 1024;

export async function openLogFile(options: LogFileOptions): Promise<LogSink> {
  await mkdir(options.directory, { recursive: true });
  const sizeBytes = await fileSize(join(options.directory, CURRENT));
  return new LogFile(options, sizeBytes);
}

class LogFile implements LogSink {
  readonly #options: LogFileOptions;
  readonly #path: string;
  #sizeBytes: number;
  #pending: string[] = [];
  #pendingBytes = 0;
  #droppedLines = 0;
  #rotations = 0;
  #timer: NodeJS.Timeout | null = null;
  /** Appends run one after the other. */
  #writing: Promise<void> = Promise.resolve();

  constructor(options: LogFileOptions, sizeBytes: number) {
    this.#options = options;
    this.#path = join(options.directory, CURRENT);
    this.#sizeBytes = sizeBytes;
  }

  write(line: string): void {
    if (this.#pendingBytes > PENDING_MAX_BYTES) {
      this.#droppedLines++;
      return;
    }
    this.#pending.push(line);
    this.#pendingBytes += line.length;
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => void this.flush(), FLUSH_DELAY_MS);
    this.#timer.unref();
  }

  flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#writing = this.#writing.then(() => this.#append());
    return this.#writing;
  }

  async rotate(): Promise<void> {
    await this.flush();
    const rotating = this.#writing.then(() => (this.#sizeBytes > 0 ? this.#rotate() : undefined));
    this.#writing = rotating.catch(() => undefined);
    await rotating;
  }

  async read(offsetBytes: number): Promise<string> {
    const sizeBytes = await fileSize(this.#path);
    const start = Math.max(offsetBytes, sizeBytes - READ_MAX_BYTES);
    if (start >= sizeBytes) return "";
    const file = await open(this.#path, "r");
    try {
      const bytes = Buffer.alloc(sizeBytes - start);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
      return bytes.subarray(0, bytesRead).toString();
    } finally {
      await file.close();
    }
  }

  async files(): Promise<readonly string[]> {
    await this.flush();
    const paths = (await this.#rotated()).map((name) => join(this.#options.directory, name));
    return (await fileSize(this.#path)) > 0 ? [...paths, this.#path] : paths;
  }

  /** A log that cannot be written must not take the daemon down, and there is nowhere better to say so than stderr. */
  async #append(): Promise<void> {
    if (this.#pending.length === 0) return;
    const text = this.#takePending();
    try {
      await appendFile(this.#path, text);
      this.#sizeBytes += Buffer.byteLength(text);
      if (this.#sizeBytes >= this.#options.maxFileBytes) await this.#rotate();
    } catch (error) {
      process.stderr.write(`failed to write the log ${this.#path}: ${String(error)}\n${text}`);
    }
  }

  #takePending(): string {
    if (this.#droppedLines > 0) {
      this.#pending.push(
        `${JSON.stringify({ level: "warn", msg: "dropped log lines", lines: this.#droppedLines })}\n`,
      );
      this.#droppedLines = 0;
    }
    const text = this.#pending.join("");
    this.#pending = [];
    this.#pendingBytes = 0;
    return text;
  }

  async #rotate(): Promise<void> {
    const stamp = new Date().toISOString().replace(/[-:.]/g, "");
    await rename(this.#path, join(this.#options.directory, `aisnode.${stamp}.${this.#rotations++}.log`));
    this.#sizeBytes = 0;
    let keptBytes = this.#options.maxFileBytes;
    for (const name of (await this.#rotated()).reverse()) {
      const path = join(this.#options.directory, name);
      keptBytes += await fileSize(path);
      if (keptBytes > this.#options.maxTotalBytes) await unlink(path);
    }
  }

  /** Oldest first. */
  async #rotated(): Promise<string[]> {
    const names = await readdir(this.#options.directory);
    return names.filter((name) => ROTATED.test(name)).sort();
  }
}

async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}
