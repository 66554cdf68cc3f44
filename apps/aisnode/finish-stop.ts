/** What remains to be done for a node that was decommissioned, after it has stopped. */
import { once } from "node:events";
import { forgetNodeSettings } from "@ais/node/node-config.ts";
import { forgetNodeId } from "@ais/node/node-id.ts";
import type { StopRequest } from "@ais/node/stop-request.ts";
import { removeMountpathData } from "@ais/storage/remove-mountpath-data.ts";
import type { NodeOptions } from "./options.ts";

/** Standing by costs nothing; a timer keeps the process there. */
const STANDBY_TIMER_MS = 3_600_000;

export async function finishStop(request: StopRequest, options: NodeOptions): Promise<void> {
  if (request.removeUserData) {
    for (const path of options.mountpath) removeMountpathData(path);
    if (!request.keepInitialConfig) {
      await forgetNodeId(options["config-dir"]);
      await forgetNodeSettings(options["config-dir"]);
    }
  }
  process.stdout.write(
    `aisnode stopped: ${request.reason}${request.removeUserData ? ", data removed" : ""}\n`,
  );
  if (!request.staysUp) return;
  const timer = setInterval(() => {}, STANDBY_TIMER_MS);
  await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
  clearInterval(timer);
}
