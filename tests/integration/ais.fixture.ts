/** The command line as a process. */
import { resolve } from "node:path";
import type { TestCluster } from "@ais/testkit/cluster.ts";

const MAIN = resolve(import.meta.dir, "../../apps/ais/main.ts");

export interface AisResult {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

export async function ais(cluster: TestCluster, ...args: readonly string[]): Promise<AisResult> {
  const child = spawn(cluster, args);
  const [out, err, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { status, out, err };
}

/** A command that runs until it is stopped, and prints lines of JSON. */
export interface AisProcess extends AsyncDisposable {
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** The first line like that, as soon as it is there. */
  line(
    isWanted: (line: Readonly<Record<string, unknown>>) => boolean,
  ): Promise<Readonly<Record<string, unknown>>>;
}

export async function startAis(cluster: TestCluster, ...args: readonly string[]): Promise<AisProcess> {
  const child = spawn(cluster, args);
  const lines: Readonly<Record<string, unknown>>[] = [];
  let wake = Promise.withResolvers<void>();
  const reading = (async () => {
    let rest = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) if (part !== "") lines.push(JSON.parse(part));
      wake.resolve();
      wake = Promise.withResolvers();
    }
  })();
  return {
    lines,
    async line(isWanted) {
      for (;;) {
        const found = lines.find(isWanted);
        if (found !== undefined) return found;
        await wake.promise;
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGINT");
      await child.exited;
      await reading;
    },
  };
}

function spawn(cluster: TestCluster, args: readonly string[]) {
  return Bun.spawn([process.execPath, MAIN, "--endpoint", cluster.url, ...args], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: process.env["PATH"] ?? "", HOME: cluster.directory, NO_COLOR: "1" },
  });
}
