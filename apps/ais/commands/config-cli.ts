/** `ais config cli`: the command line's own settings. */
import type { Command } from "commander";
import { type CliConfig, loadCliConfig, resetCliConfig, saveCliConfig } from "../config/cli-config.ts";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { parsePairs } from "../pairs.ts";
import { endpointUrl } from "../settings.ts";

/** What can be set, and how its text is read. Aliases have commands of their own. */
const SETTINGS: Readonly<Record<string, (text: string) => unknown>> = {
  "cluster.url": endpointUrl,
  "cluster.skip_verify_crt": parseFlag,
  no_color: parseFlag,
};

export function configCliCommands(runtime: Runtime, parent: Command): void {
  const group = parent
    .command("cli")
    .summary("show and change settings of this command line")
    .option("--path", "show only where they are kept");
  runtime.handle<{ readonly path?: boolean }>(group, showSettings(runtime));
  runtime.handle<{ readonly path?: boolean }>(
    group.command("show").summary("show the settings"),
    showSettings(runtime),
  );
  const set = group
    .command("set")
    .summary("change settings")
    .argument("<setting...>", `key=value ...: ${Object.keys(SETTINGS).join(", ")}`);
  runtime.handle(set, async (context, [argument]) => {
    const changes = [...parsePairs([argument ?? []].flat())].map(([name, text]): [string, unknown] => {
      const parse = SETTINGS[name];
      if (parse === undefined)
        throw new UsageError(`no setting "${name}", expecting one of: ${Object.keys(SETTINGS).join(", ")}`);
      return [name, parse(text)];
    });
    for (const [name, value] of changes) await saveCliConfig(loadCliConfig(context.io.env), name, value);
    show(context, loadCliConfig(context.io.env));
  });
  const reset = group.command("reset").summary("have the defaults again, of aliases as well");
  runtime.handle(
    reset,
    async (context) => {
      await resetCliConfig(runtime.config);
      show(context, loadCliConfig(context.io.env));
    },
    { withBrokenConfig: true },
  );
}

function showSettings({ config }: Runtime) {
  return async (context: CommandContext, _words: unknown, options: { readonly path?: boolean }) => {
    if (options.path !== true) return show(context, config);
    if (context.settings.json) context.printJson({ path: config.path });
    else context.print(config.path);
  };
}

function show(context: CommandContext, config: CliConfig): void {
  const { url, skipVerify, noColor, aliases } = config;
  const pairs: readonly (readonly [string, string])[] = [
    ...Object.entries(aliases).map(([name, command]) => [`aliases.${name}`, command] as const),
    ["cluster.skip_verify_crt", String(skipVerify)],
    ["cluster.url", url],
    ["no_color", String(noColor)],
  ];
  if (context.settings.json) context.printJson(Object.fromEntries(pairs));
  else context.printProperties(pairs.toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

function parseFlag(text: string): boolean {
  if (text !== "true" && text !== "false") throw new UsageError(`expecting true or false, got "${text}"`);
  return text === "true";
}
