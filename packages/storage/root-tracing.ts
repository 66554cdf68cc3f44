import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { Tracing } from "@ais/tracing/types.ts";

/** What of tracing the store needs for work that no request waits for. */
export type RootTracing = Pick<Tracing, "startRoot">;

export const NO_ROOT_TRACING: RootTracing = { startRoot: () => NOOP_SPAN };
