import type { CliIo } from "../io.ts";
import { terminalText } from "../output/terminal-text.ts";
import { runCli } from "../program.ts";

export interface CliResult {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

export interface CliSetup {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal;
  /** Makes every stream a terminal; answers to questions, in order. */
  readonly answers?: readonly string[];
}

/** One command line in this process, with buffers in place of a terminal. */
export async function cli(argv: readonly string[], setup: CliSetup = {}): Promise<CliResult> {
  const out: Uint8Array[] = [];
  let err = "";
  const answers = [...(setup.answers ?? [])];
  const isTerminal = setup.answers !== undefined;
  const io: CliIo = {
    env: { NO_COLOR: "1", ...setup.env },
    stdinIsTerminal: isTerminal,
    stdoutIsTerminal: isTerminal,
    stderrIsTerminal: isTerminal,
    columns: 100,
    signal: setup.signal ?? new AbortController().signal,
    out: (text) => void out.push(new TextEncoder().encode(isTerminal ? terminalText(text) : text)),
    err(text) {
      err += text;
    },
    async writeOut(bytes) {
      out.push(bytes);
    },
    stdin: () => new Blob(setup.stdin === undefined ? [] : [setup.stdin]).stream(),
    async ask(question) {
      err += question;
      return answers.shift() ?? "n";
    },
  };
  const status = await runCli(argv, io);
  return { status, out: Buffer.concat(out).toString(), err };
}
