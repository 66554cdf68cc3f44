import { LiveTracing } from "./live-tracing.ts";
import type { CreateTracing } from "./types.ts";

/** The build with tracing. Off until `configure` is given an enabled section. */
export const createTracing: CreateTracing = (options) => new LiveTracing(options);
