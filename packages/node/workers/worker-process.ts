/** One worker process, as the main process sees it: from its start to its end. */
import { must } from "@ais/base/assert.ts";
import type { Logger } from "@ais/base/log.ts";
import { Channel, type Handlers } from "./channel.ts";
import type { ToMain, ToWorker } from "./protocol.ts";

export interface WorkerCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Set for workers only: the process that they belong to. */
export const WORKER_VARIABLE = "AIS_WORKER";

export interface WorkerProcess {
  readonly pid: number;
  readonly channel: Channel<ToWorker, ToMain>;
  /** Resolves when the process has ended, with how. */
  readonly ended: Promise<string>;
  kill(): void;
}

/** `inherited` descriptors stay open in the worker until it ends. */
export function startWorkerProcess(
  { program, args, env }: WorkerCommand,
  inherited: readonly number[],
  handlers: Handlers<ToMain>,
  logger: Logger,
): WorkerProcess {
  let channel: Channel<ToWorker, ToMain> | null = null;
  const child = Bun.spawn([program, ...args], {
    env: { ...env, [WORKER_VARIABLE]: String(process.pid) },
    // What a worker says outside of the log, such as why it crashed, goes where the main process's own words go.
    stdio: ["ignore", "inherit", "inherit", ...inherited],
    serialization: "advanced",
    ipc: (message) => must(channel, "the channel is there before its messages").receive(message),
  });
  const made = new Channel<ToWorker, ToMain>((message) => child.send(message), handlers, logger);
  channel = made;
  const ended = child.exited.then((code) => {
    const how = child.signalCode === null ? `with status ${code}` : `by ${child.signalCode}`;
    made.close(`worker process ${child.pid} has ended`);
    return how;
  });
  return { pid: child.pid, channel: made, ended, kill: () => child.kill("SIGKILL") };
}
