import { createInterface } from "node:readline";
import { FIRST_PORT } from "./plans.ts";

export interface NodeCounts {
  readonly targets: number;
  readonly proxies: number;
}

export const DEFAULT_COUNTS: NodeCounts = { targets: 3, proxies: 1 };
const MAX_NODES = 64;

/** How long a standard input that is no terminal may take to deliver its lines; a here-string is there at once. */
const STDIN_WAIT_MS = 300;

/**
 * How many nodes to start: `TARGETS` and `PROXIES`, else AIStore's two lines on standard input, else a question on a
 * terminal, else the defaults. Further lines of AIStore's longer form are not read.
 */
export async function readCounts(
  env: Readonly<Record<string, string | undefined>>,
  stdin: NodeJS.ReadStream,
  askTerminal: typeof ask = ask,
): Promise<NodeCounts> {
  if (env["TARGETS"] || env["PROXIES"]) {
    return checked(
      env["TARGETS"] || String(DEFAULT_COUNTS.targets),
      env["PROXIES"] || String(DEFAULT_COUNTS.proxies),
    );
  }
  if (stdin.isTTY) {
    const [targets = "", proxies = ""] = await askTerminal(stdin, [
      `Number of storage targets [${DEFAULT_COUNTS.targets}]: `,
      `Number of proxies (gateways) [${DEFAULT_COUNTS.proxies}]: `,
    ]);
    return checked(targets || String(DEFAULT_COUNTS.targets), proxies || String(DEFAULT_COUNTS.proxies));
  }
  const lines = (await readAvailable(stdin)).split("\n").map((line) => line.trim());
  return checked(lines[0] || String(DEFAULT_COUNTS.targets), lines[1] || String(DEFAULT_COUNTS.proxies));
}

/** `WORKERS`: processes of every node, one without it. */
export function readWorkers(env: Readonly<Record<string, string | undefined>>): number {
  return env["WORKERS"] ? count("workers", env["WORKERS"]) : 1;
}

/** `PORT`: of the first proxy, as in AIStore's playground; every further node takes the next one. */
export function readFirstPort(env: Readonly<Record<string, string | undefined>>): number {
  const text = env["PORT"] || String(FIRST_PORT);
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 1 && port + 2 * MAX_NODES <= 65_536) return port;
  throw new Error(`PORT is "${text}", want 1 to ${65_536 - 2 * MAX_NODES}`);
}

function checked(targets: string, proxies: string): NodeCounts {
  return { targets: count("targets", targets), proxies: count("proxies", proxies) };
}

function count(what: string, text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= 1 && number <= MAX_NODES)) {
    throw new Error(`number of ${what} is "${text}", want 1 to ${MAX_NODES}`);
  }
  return number;
}

/** What a standard input that is no terminal holds, without waiting for one that never ends. */
async function readAvailable(stdin: NodeJS.ReadStream): Promise<string> {
  let text = "";
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, STDIN_WAIT_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    stdin.setEncoding("utf8");
    stdin.on("data", (chunk) => {
      text += chunk;
      if (text.split("\n").length > 2) done();
    });
    stdin.on("end", done);
    stdin.on("error", done);
  });
  stdin.pause();
  return text;
}

/** One line for each question, empty from the end of the input on. Lines typed ahead are kept for their questions. */
export async function ask(
  input: NodeJS.ReadableStream,
  questions: readonly string[],
  output: NodeJS.WritableStream = process.stdout,
): Promise<readonly string[]> {
  // The terminal edits and echoes its lines itself, and Ctrl-C ends the program.
  const terminal = createInterface({ input, terminal: false });
  const lines = terminal[Symbol.asyncIterator]();
  const answers: string[] = [];
  try {
    for (const question of questions) {
      output.write(question);
      const { done, value } = await lines.next();
      answers.push(done === true ? "" : value.trim());
    }
  } finally {
    terminal.close();
  }
  return answers;
}
