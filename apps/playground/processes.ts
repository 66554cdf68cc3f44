import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import { identify, isAlive, signal } from "./process-identity.ts";
import type { StartedProcess, StateFile } from "./state.ts";

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const POLL_MS = 50;

export interface ProcessPlan {
  readonly kind: StartedProcess["kind"];
  readonly folder: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly url: string;
  /** Answers 200 once the process is ready. */
  readonly readyUrl: string;
}

/** True when something on this machine accepts connections on the port. */
export function isListening(port: number, host = "127.0.0.1"): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host });
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => done(true));
    socket.once("error", () => done(false));
  });
}

/** As `localhost` is reached: a program on the other loopback address alone would answer in place of a node. */
export async function isTaken(port: number): Promise<boolean> {
  return (await isListening(port, "127.0.0.1")) || (await isListening(port, "::1"));
}

/** Starts a process of its own session, which outlives this one, and puts it on the list before anything else happens. */
export async function start(plan: ProcessPlan, stateFile: StateFile): Promise<StartedProcess> {
  const folder = join(stateFile.directory, plan.folder);
  mkdirSync(folder, { recursive: true });
  const output = openSync(outputPath(folder), "a");
  const child = spawn(plan.command, plan.args, { detached: true, stdio: ["ignore", output, output] });
  closeSync(output);
  child.unref();
  const pid = must(child.pid, `cannot start ${plan.command}`);
  const started: StartedProcess = {
    kind: plan.kind,
    folder: plan.folder,
    url: plan.url,
    identity: must(identify(pid), `${plan.folder} ended at once`),
  };
  await stateFile.update({ processes: [...stateFile.read().processes, started] });
  return started;
}

/** Resolves when the process answers ready; throws with the end of its output when it ends or takes too long. */
export async function waitReady(
  plan: ProcessPlan,
  started: StartedProcess,
  directory: string,
): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (!isAlive(started.identity)) {
      throw new Error(`${plan.folder} ended before it was ready:\n${lastOutput(directory, plan.folder)}`);
    }
    const ready = await fetch(plan.readyUrl, { signal: AbortSignal.timeout(2_000) }).then(
      (reply) => reply.ok,
      () => false,
    );
    if (ready) return;
    await sleep(POLL_MS);
  }
  throw new Error(
    `${plan.folder} is not ready after ${READY_TIMEOUT_MS} ms:\n${lastOutput(directory, plan.folder)}`,
  );
}

/** Asks every process to stop, waits, and kills what is left. Returns those that had to be killed. */
export async function stopAll(processes: readonly StartedProcess[]): Promise<readonly StartedProcess[]> {
  for (const started of processes) signal(started.identity, "SIGTERM");
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  let left = processes;
  while (left.length > 0 && Date.now() < deadline) {
    await sleep(POLL_MS);
    left = left.filter((started) => isAlive(started.identity));
  }
  for (const started of left) signal(started.identity, "SIGKILL");
  return left;
}

function outputPath(folder: string): string {
  return join(folder, "output.log");
}

function lastOutput(directory: string, folder: string): string {
  const text = readFileSync(outputPath(join(directory, folder)), "utf8");
  return text.trimEnd().split("\n").slice(-12).join("\n");
}
