/** One child process of the benchmark, pinned to a core where `taskset` is there. */
export interface BenchProcessOptions {
  readonly command: readonly string[];
  readonly core: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Where the answer to the one message under way goes. */
interface Inbox {
  resolve: (message: unknown) => void;
}

const READY = /ready at (\S+)\n/;

export class BenchProcess implements AsyncDisposable {
  /** What follows `ready at` in its output. */
  readonly ready: string;
  readonly #child: Bun.Subprocess;
  readonly #inbox: Inbox;

  private constructor(child: Bun.Subprocess, ready: string, inbox: Inbox) {
    this.#child = child;
    this.ready = ready;
    this.#inbox = inbox;
  }

  /** Resolves when the process has said that it is ready. */
  static async start({ command, core, env = {} }: BenchProcessOptions): Promise<BenchProcess> {
    const inbox: Inbox = { resolve() {} };
    const taskset = Bun.which("taskset");
    const child = Bun.spawn([...(taskset === null ? [] : [taskset, "-c", String(core)]), ...command], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
      serialization: "json",
      env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...env },
      ipc: (message) => inbox.resolve(message),
    });
    return new BenchProcess(child, await readyText(child.stdout, command), inbox);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Sends a message and resolves with the answer. One at a time. */
  async ask(message: unknown): Promise<unknown> {
    const answer = new Promise((resolve) => {
      this.#inbox.resolve = resolve;
    });
    this.#child.send(message);
    return answer;
  }

  /** Lets it end by itself, as on SIGTERM; resolves when it has. */
  async terminate(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}

async function readyText(output: ReadableStream<Uint8Array>, command: readonly string[]): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of output) {
    text += decoder.decode(chunk, { stream: true });
    const found = READY.exec(text)?.[1];
    if (found !== undefined) return found;
  }
  throw new Error(`${command.join(" ")} ended before it was ready: ${text}`);
}
