/** Objects of a cluster, over HTTP. */
import type { TestCluster } from "@ais/testkit/cluster.ts";

export const BUCKET = "b";

export async function createBucket(cluster: TestCluster, props: object = {}): Promise<void> {
  const body = JSON.stringify({ action: "create-bck", value: props });
  const reply = await fetch(`${cluster.url}/v1/buckets/${BUCKET}`, { method: "POST", body });
  if (!reply.ok) throw new Error(`create bucket: ${reply.status} ${await reply.text()}`);
}

export function objectUrl(cluster: TestCluster, name: string): string {
  return `${cluster.url}/v1/objects/${BUCKET}/${name}`;
}

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

export async function put(cluster: TestCluster, name: string, body: Buffer): Promise<Answer> {
  return answerOf(await fetch(objectUrl(cluster, name), { method: "PUT", body }));
}

export async function get(cluster: TestCluster, name: string, query = ""): Promise<Answer> {
  return answerOf(await fetch(`${objectUrl(cluster, name)}${query}`));
}

export async function remove(cluster: TestCluster, name: string): Promise<Answer> {
  return answerOf(await fetch(objectUrl(cluster, name), { method: "DELETE" }));
}

async function answerOf(reply: Response): Promise<Answer> {
  return { status: reply.status, body: Buffer.from(await reply.arrayBuffer()) };
}

export interface CliResult {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** The real command line in a process of its own, while this one goes on. */
export async function ais(cluster: TestCluster, ...args: readonly string[]): Promise<CliResult> {
  const child = Bun.spawn([process.execPath, "apps/ais/main.ts", ...args], {
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: cluster.directory,
      AIS_ENDPOINT: cluster.url,
      NO_COLOR: "1",
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { exitCode: await child.exited, out, err };
}
