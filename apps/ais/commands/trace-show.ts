/** `ais trace show`: one trace as a waterfall in the terminal. */
import type { Command } from "commander";
import type { Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { JaegerClient } from "../trace/jaeger.ts";
import { renderWaterfall } from "../waterfall.ts";
import { TRACE_QUERY_DEADLINE_MS } from "./trace-ls.ts";

export function traceShowCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("show")
    .summary("show a trace as a waterfall")
    .argument("<trace>", "trace id: 32 hexadecimal digits")
    .option("-v, --verbose", "attributes and events of every span; repeated spans are not folded");
  return runtime.handle<{ readonly verbose?: boolean }>(command, async (context, [argument], options) => {
    const traceId = String(argument).toLowerCase();
    if (!/^[0-9a-f]{1,32}$/.test(traceId)) {
      throw new UsageError(`invalid trace id "${argument}", expecting 32 hexadecimal digits`);
    }
    const jaeger = new JaegerClient(context.settings.traceEndpoint, TRACE_QUERY_DEADLINE_MS);
    const spans = await jaeger.trace(traceId.padStart(32, "0"));
    if (spans === null)
      throw new Error(
        `trace "${traceId}" not found at ${jaeger.endpoint}; spans arrive a second or two after their request`,
      );
    if (context.settings.json) return context.printJson(spans);
    const { columns } = context.io;
    const lines = renderWaterfall(spans, {
      width: columns,
      colors: context.colors,
      verbose: options.verbose === true,
    });
    context.print(lines.join("\n"));
  });
}
