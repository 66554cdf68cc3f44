/** Signals and straight start and stop of a daemon. */
import { errorText } from "@ais/base/errors.ts";
import type { Logger } from "@ais/base/log.ts";

export interface StopSignal {
  /** Aborts at the first SIGTERM or SIGINT. */
  readonly signal: AbortSignal;
  dispose(): void;
}

/** The first signal asks for a graceful stop; the second one forces the end of the process. */
export function onStopSignal(logger: Logger): StopSignal {
  const controller = new AbortController();
  const handler = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      process.stderr.write(`second ${name}: exiting now\n`);
      process.exit(1);
    }
    logger.log("info", "stopping", { signal: name });
    controller.abort();
  };
  process.on("SIGTERM", handler);
  process.on("SIGINT", handler);
  return {
    signal: controller.signal,
    dispose() {
      process.off("SIGTERM", handler);
      process.off("SIGINT", handler);
    },
  };
}

/** What `start` built is owned by the stack: a failed start takes down what was already up, in reverse order. */
export async function startOwned<T>(start: (stack: AsyncDisposableStack) => Promise<T>): Promise<{
  readonly value: T;
  readonly stack: AsyncDisposableStack;
}> {
  await using stack = new AsyncDisposableStack();
  const value = await start(stack);
  return { value, stack: stack.move() };
}

/** Runs background work until `signal` aborts; a failure before that is logged and given to `onFailure`. */
export function runInBackground(
  name: string,
  work: Promise<void>,
  signal: AbortSignal,
  logger: Logger,
  onFailure: (error: unknown) => void,
): void {
  work.catch((error: unknown) => {
    if (signal.aborted) return;
    logger.log("error", "a background service failed", { service: name, error: errorText(error) });
    onFailure(error);
  });
}
