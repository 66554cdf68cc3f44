/** Something that the primary alone sees to, whenever the jobs or the cluster's metadata change, and every so often. */
import { errorText, isAisError } from "@ais/base/errors.ts";
import { SerialTask } from "@ais/cluster/serial-task.ts";
import type { ProxyServices } from "./services.ts";

export interface PrimaryDuty extends AsyncDisposable {
  /** Looks now, or once more when it is looking. */
  trigger(): void;
}

/** `what` completes "failed to …" in the log. A coordinator that cannot be reached is the membership's to tell. */
export function startPrimaryDuty(
  { jobs, member, logger }: ProxyServices,
  tickMs: number,
  what: string,
  look: () => Promise<void>,
): PrimaryDuty {
  const task = new SerialTask(look, (error) => {
    if (!isAisError(error, "unavailable"))
      logger.log("error", `failed to ${what}`, { error: errorText(error) });
  });
  const trigger = (): void => {
    if (member.isPrimary) task.trigger();
  };
  const unsubscribe = [jobs.onChange(trigger), member.onChange(trigger)];
  const timer = setInterval(trigger, tickMs);
  timer.unref?.();
  return {
    trigger,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      for (const each of unsubscribe) each();
      await task.stop();
    },
  };
}
