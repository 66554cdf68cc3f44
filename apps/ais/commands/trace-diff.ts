/** `ais trace diff`: where one trace's time went that another's did not. */
import type { Command } from "commander";
import type { Runtime } from "../context.ts";
import { compareTraces } from "../trace/compare.ts";
import { renderComparison } from "../trace/comparison-text.ts";
import { findTrace, parseTraceId } from "../trace/find-trace.ts";

export function traceDiffCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("diff")
    .summary("compare two traces, span by span")
    .argument("<before>", "trace id: 32 hexadecimal digits")
    .argument("<after>", "id of the trace that is compared with it")
    .option("-v, --verbose", "attributes that differ, under every span");
  return runtime.handle<{ readonly verbose?: boolean }>(command, async (context, argumentsGiven, options) => {
    const [before = "", after = ""] = argumentsGiven.map(parseTraceId);
    const traces = await Promise.all([findTrace(context, before), findTrace(context, after)]);
    const comparison = compareTraces(...traces);
    if (context.settings.json) return context.printJson(comparison);
    const { columns } = context.io;
    const lines = renderComparison(comparison, {
      width: columns,
      colors: context.colors,
      verbose: options.verbose === true,
    });
    context.print(lines.join("\n"));
  });
}
