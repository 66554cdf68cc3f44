/** Real `aisnode` processes, started from source on free ports in a directory of their own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MAIN = join(import.meta.dir, "..", "main.ts");

export interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs to the end, for starts that must fail. */
export async function runToEnd(...args: readonly string[]): Promise<Finished> {
  const child = Bun.spawn([process.execPath, MAIN, ...args], {
    stdout: "pipe",
    stderr: "pipe",
    env: cleanEnvironment(),
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { exitCode: await child.exited, stdout, stderr };
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Build tags, such as `oteltracing`. */
  readonly tags?: readonly string[];
  /** A built node to run in place of the source. */
  readonly launcher?: string;
}

export class NodeProcess implements AsyncDisposable {
  readonly url: string;
  readonly #child: Bun.Subprocess<"ignore", "pipe", "ignore">;

  private constructor(child: Bun.Subprocess<"ignore", "pipe", "ignore">, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** Resolves when the node has said that it is ready. */
  static async start(
    args: readonly string[],
    { env = {}, tags = [], launcher }: StartOptions = {},
  ): Promise<NodeProcess> {
    const conditions = tags.map((tag) => `--conditions=${tag}`);
    const program = launcher === undefined ? [process.execPath, ...conditions, MAIN] : [launcher];
    const child = Bun.spawn([...program, ...args], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
      env: { ...cleanEnvironment(), ...env },
    });
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      text += decoder.decode(chunk, { stream: true });
      const url = /ready at (\S+)\n/.exec(text)?.[1];
      if (url !== undefined) return new NodeProcess(child, url);
    }
    throw new Error(
      `aisnode ${args.join(" ")} ended with ${await child.exited} before it was ready: ${text}`,
    );
  }

  /** SIGTERM; the exit code. */
  async stop(): Promise<number> {
    this.#child.kill("SIGTERM");
    return this.#child.exited;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

export interface Directories extends AsyncDisposable {
  readonly root: string;
  proxyArgs(id: string): string[];
  targetArgs(id: string): string[];
}

/** A directory for one cluster, with the options of its nodes. */
export async function clusterDirectory(): Promise<Directories> {
  const root = await mkdtemp(join(tmpdir(), "aisnode-test-"));
  const common = (role: string, id: string): string[] => [
    ...["--role", role, "--daemon-id", id, "--port", "0"],
    ...["--config-dir", join(root, id), "--coordinator", `sqlite:${join(root, "cluster.db")}`],
  ];
  return {
    root,
    proxyArgs: (id) => common("proxy", id),
    targetArgs: (id) => [...common("target", id), "--mountpath", join(root, `mountpath-${id}`)],
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

/** Variables of whoever runs the tests must not reach the nodes. */
function cleanEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => !/^(AIS|OTEL)_/.test(name));
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
