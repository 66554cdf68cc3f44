import { systemClock } from "@ais/base/clock.ts";
import type { InFlightRequest } from "@ais/wire/requests.ts";
import type { NodeServices } from "../call.ts";

/** What all processes of this node have under way, oldest first. */
export async function nodeInFlight({ requests, workers }: NodeServices): Promise<readonly InFlightRequest[]> {
  const theirs = await workers.inFlight();
  const own = requests.inFlight.list(systemClock.monotonicMs());
  return theirs.length === 0 ? own : [...own, ...theirs].sort((left, right) => right.age_ms - left.age_ms);
}
