/** `ais trace show`: one trace as a waterfall in the terminal. */
import type { Command } from "commander";
import type { Runtime } from "../context.ts";
import { findTrace, parseTraceId } from "../trace/find-trace.ts";
import { renderWaterfall } from "../waterfall.ts";

export function traceShowCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("show")
    .summary("show a trace as a waterfall")
    .argument("<trace>", "trace id: 32 hexadecimal digits")
    .option("-v, --verbose", "attributes and events of every span; repeated spans are not folded");
  return runtime.handle<{ readonly verbose?: boolean }>(command, async (context, [argument], options) => {
    const spans = await findTrace(context, parseTraceId(argument));
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
