/** `aisnode` with the stock OpenTelemetry SDK in place of our tracing. */
import { parseOptions } from "@ais/aisnode/options.ts";
import { runNode } from "@ais/aisnode/run-node.ts";
import { createSdkTracing } from "./sdk-tracing.ts";

await runNode(parseOptions(process.argv.slice(2), process.env), process.env, {
  createTracing: createSdkTracing,
});
process.exit(0);
