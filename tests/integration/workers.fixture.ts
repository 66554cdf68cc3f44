/** Nodes of several processes, and connections that land on any of them. */
import { existsSync, readFileSync } from "node:fs";
import type { Daemon } from "@ais/testkit/daemon.ts";

/** Every request on a connection of its own, which the system deals to any of the processes. */
export function fetchAnew(url: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { ...init, headers: { ...init.headers, connection: "close" }, keepalive: false });
}

/** Of the worker processes that were started, oldest first. */
export function workerPids(daemon: Daemon): readonly number[] {
  const lines = daemon.output.split("\n").filter((line) => line.includes('"msg":"started a worker process"'));
  return lines.map((line) => (JSON.parse(line) as { readonly pid: number }).pid);
}

/** False for a process that has ended, also when nobody has asked for its status yet. */
export function isRunning(pid: number): boolean {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return false;
  try {
    return !/\) [ZX] /.test(readFileSync(path, "utf8"));
  } catch {
    return false;
  }
}

export async function metric(daemon: Daemon, start: string): Promise<number> {
  const text = await (await fetchAnew(`${daemon.url}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(start));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

export async function until(what: string, isSo: () => boolean | Promise<boolean>, timeoutMs = 30_000) {
  const deadline = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await Bun.sleep(20);
  }
}
