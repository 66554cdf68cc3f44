/** `ais alias`: short names for commands, kept in the command line's configuration. */
import type { Command } from "commander";
import { commandWords, findCommand, usableAliases } from "../config/aliases.ts";
import { type Aliases, DEFAULT_ALIASES, saveCliConfig } from "../config/cli-config.ts";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";

const NAME = /^[a-zA-Z][a-zA-Z0-9_-]*$/;

export function aliasCommands(runtime: Runtime, program: Command): void {
  const group = program.command("alias").summary("show, set and remove short names for commands");
  const { config } = runtime;
  const show = (context: CommandContext, aliases: Aliases): void => {
    const rows = usableAliases(program, aliases);
    if (context.settings.json) context.printJson(Object.fromEntries(rows));
    else context.printTable([{ name: "ALIAS" }, { name: "COMMAND" }], rows);
  };
  runtime.handle(group, async (context) => show(context, config.aliases));
  runtime.handle(group.command("show").summary("show aliases"), async (context) =>
    show(context, config.aliases),
  );

  const set = group
    .command("set")
    .summary("make an alias, or change it")
    .argument("<alias>", "letters, digits, - and _; a letter first")
    .argument("<command...>", 'command without options, such as show cluster, or "show cluster"');
  runtime.handle(set, async (context, [alias, argument]) => {
    const name = String(alias);
    const words = commandWords([argument ?? []].flat().join(" "));
    const command = words.join(" ");
    checkName(program, name);
    if (findCommand(program, words) === null) throw new UsageError(`"${command}" is no command of ais`);
    const old = config.aliases[name];
    const aliases = { ...config.aliases, [name]: command };
    await saveCliConfig(config, "aliases", aliases);
    if (context.settings.json) return context.printJson({ alias: name, command });
    if (old === undefined) context.print(`Aliased "${command}" = "${name}"`);
    else context.print(`Alias "${name}" new command "${command}" (was: "${old}")`);
  });

  const remove = group.command("rm").summary("remove an alias").argument("<alias>", "see: ais alias show");
  runtime.handle(remove, async (context, [alias]) => {
    const { [String(alias)]: old, ...rest } = config.aliases;
    if (old === undefined) throw new Error(`alias "${String(alias)}" does not exist`);
    await saveCliConfig(config, "aliases", rest);
    if (context.settings.json) context.printJson({ removed: String(alias) });
    else context.print(`Removed alias "${String(alias)}" = "${old}"`);
  });

  const reset = group.command("reset").summary("have the default aliases again, and no others");
  runtime.handle(reset, async (context) => {
    await saveCliConfig(config, "aliases", DEFAULT_ALIASES);
    if (!context.settings.json) context.print("Command aliases reset to all defaults:");
    show(context, DEFAULT_ALIASES);
  });
}

/** An alias that no command line could reach is none. */
function checkName(program: Command, name: string): void {
  if (!NAME.test(name))
    throw new UsageError(
      `invalid alias "${name}": it must start with a letter and can only contain letters, numbers, hyphens (-), and underscores (_)`,
    );
  const isCommand = name === "help" || findCommand(program, [name]) !== null;
  if (isCommand && !Object.hasOwn(DEFAULT_ALIASES, name))
    throw new UsageError(`"${name}" is a command of ais, and cannot be an alias`);
}
