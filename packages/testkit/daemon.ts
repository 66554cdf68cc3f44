import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { sleep } from "@ais/base/lifecycle.ts";

export interface DaemonPlan {
  readonly role: "proxy" | "target";
  readonly name: string;
  readonly port: number;
  readonly directory: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const READY_TIMEOUT_MS = 60_000;
/** Linux connects from ports from 32768 on, others from 49152 on. */
const PORT_MIN = 20_000;
const PORT_END = 32_768;

/** One real `aisnode` process. */
export class Daemon {
  readonly plan: DaemonPlan;
  #child: ChildProcess | null = null;

  constructor(plan: DaemonPlan) {
    this.plan = plan;
  }

  get url(): string {
    return `http://127.0.0.1:${this.plan.port}`;
  }

  get pid(): number {
    return must(this.#child?.pid, `${this.plan.name} does not run`);
  }

  get output(): string {
    return readFileSync(this.#outputPath, "utf8");
  }

  start(): void {
    mkdirSync(this.plan.directory, { recursive: true });
    const output = openSync(this.#outputPath, "a");
    this.#child = spawn(this.plan.command, this.plan.args, {
      stdio: ["ignore", output, output],
      env: { PATH: process.env["PATH"] ?? "", HOME: this.plan.directory, ...this.plan.env },
    });
    closeSync(output);
  }

  async ready(): Promise<void> {
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while (performance.now() < deadline) {
      if (this.#child?.exitCode !== null) throw new Error(`${this.plan.name} ended early:\n${this.output}`);
      const reply = await fetch(`${this.url}/v1/health?readiness=true`).catch(() => null);
      if (reply?.ok) return;
      await sleep(20);
    }
    throw new Error(`${this.plan.name} is not ready:\n${this.output}`);
  }

  /** Sends the signal and resolves with the exit code, or null after a signal ended it. */
  async end(signal: "SIGTERM" | "SIGKILL" | "SIGINT"): Promise<number | null> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null)
      return child?.exitCode ?? null;
    const exited = once(child, "exit");
    child.kill(signal);
    const [code] = await exited;
    return code;
  }

  /** SIGSTOP and SIGCONT: a process that lives and does nothing. */
  pause(): void {
    process.kill(this.pid, "SIGSTOP");
  }

  resume(): void {
    process.kill(this.pid, "SIGCONT");
  }

  /** Resident memory in bytes: now, and the highest so far (`VmRSS`, `VmHWM` of proc(5)). */
  memory(): { readonly residentBytes: number; readonly peakBytes: number } {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    const kib = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0);
    return { residentBytes: kib("VmRSS") * 1024, peakBytes: kib("VmHWM") * 1024 };
  }

  get #outputPath(): string {
    return join(this.plan.directory, "output.log");
  }
}

const handedOut = new Set<number>();

/**
 * A port that nobody listens on. It is below those that the system gives to connections: a port of theirs may become the
 * source of any connection before the node listens on it, or while it is down.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_END - PORT_MIN));
    if (handedOut.has(port) || !(await isFree(port))) continue;
    handedOut.add(port);
    return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen({ port, host: "127.0.0.1", exclusive: true });
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  const closed = once(server, "close");
  server.close();
  await closed;
  return true;
}
