/** What a daemon does with tracing, as small as it gets: `bundle.test.ts` builds and runs it in both variants. */
import { systemClock } from "@ais/base/clock.ts";
import { createTracing } from "@ais/tracing";
import { DEFAULT_TRACING_SECTION } from "@ais/wire/tracing-config.ts";

const [endpoint = "", ending = "stop"] = process.argv.slice(2);
const tracing = createTracing({
  role: "proxy",
  nodeId: "p1",
  version: "5.0.0-ts",
  hostname: "host-1",
  env: {},
  logger: { log: (_level, message) => console.error(message) },
  clock: systemClock,
});
await tracing.configure({
  ...DEFAULT_TRACING_SECTION,
  enabled: true,
  exporter_endpoint: endpoint,
  skip_verify: true,
});
tracing.startRoot("bundled").end();
if (ending === "stop") await tracing.stop(5_000);
console.log(JSON.stringify(tracing.stats()));
