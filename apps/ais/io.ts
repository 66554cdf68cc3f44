/** The process around a command, as a parameter: tests give buffers, `main.ts` gives the real thing. */
import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { Readable } from "node:stream";
import { terminalText } from "./output/terminal-text.ts";

export interface CliIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdinIsTerminal: boolean;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** Width of the terminal, or a default where there is none. */
  readonly columns: number;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
  out(text: string): void;
  err(text: string): void;
  /** Bytes to standard output with back-pressure. */
  writeOut(bytes: Uint8Array): Promise<void>;
  stdin(): ReadableStream<Uint8Array>;
  /** One line from the terminal, without its end. */
  ask(question: string): Promise<string>;
}

const DEFAULT_COLUMNS = 100;

export function processIo(signal: AbortSignal): CliIo {
  const { stdin, stdout, stderr } = process;
  return {
    env: process.env,
    stdinIsTerminal: stdin.isTTY === true,
    stdoutIsTerminal: stdout.isTTY === true,
    stderrIsTerminal: stderr.isTTY === true,
    // A terminal that does not know its width says 0.
    columns: stdout.columns || stderr.columns || DEFAULT_COLUMNS,
    signal,
    out: (text) => void stdout.write(stdout.isTTY === true ? terminalText(text) : text),
    err: (text) => void stderr.write(stderr.isTTY === true ? terminalText(text) : text),
    async writeOut(bytes) {
      if (!stdout.write(bytes)) await once(stdout, "drain");
    },
    stdin: () => Readable.toWeb(stdin) as ReadableStream<Uint8Array>,
    async ask(question) {
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return await lines.question(question, { signal });
      } finally {
        lines.close();
      }
    },
  };
}
