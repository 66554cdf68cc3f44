/** The signals that end a daemon. */
import type { Logger } from "@ais/base/log.ts";

export interface StopSignal extends Disposable {
  /** Aborts at the first SIGTERM or SIGINT. */
  readonly signal: AbortSignal;
  /** Aborts the signal as well: the node was told to stop by a call. */
  stop(reason: string): void;
  dispose(): void;
}

/** What of the process is used, so that tests need not send signals to themselves. */
export interface SignalSource {
  on(name: "SIGTERM" | "SIGINT", listener: (name: NodeJS.Signals) => void): unknown;
  off(name: "SIGTERM" | "SIGINT", listener: (name: NodeJS.Signals) => void): unknown;
  exit(code: number): void;
}

/** The first signal asks for a graceful stop; the second one forces the end of the process, with status 1. */
export function onStopSignal(logger: Logger, source: SignalSource = process): StopSignal {
  const controller = new AbortController();
  const handler = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      process.stderr.write(`${name} while stopping: exiting now\n`);
      source.exit(1);
      return;
    }
    logger.log("info", "stopping", { signal: name });
    controller.abort();
  };
  const stop = (reason: string): void => {
    if (controller.signal.aborted) return;
    logger.log("info", "stopping", { reason });
    controller.abort();
  };
  const dispose = (): void => {
    source.off("SIGTERM", handler);
    source.off("SIGINT", handler);
  };
  source.on("SIGTERM", handler);
  source.on("SIGINT", handler);
  return { signal: controller.signal, stop, dispose, [Symbol.dispose]: dispose };
}
