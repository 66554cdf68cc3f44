/** Aliases of commands: words that stand for others at the beginning of a command line. Pure. */
import type { Command } from "commander";
import { type Aliases, DEFAULT_ALIASES } from "./cli-config.ts";

const HELP = "help";

/** The command that these words lead to, null when they are none. */
export function findCommand(program: Command, words: readonly string[]): Command | null {
  let command = program;
  for (const word of words) {
    const inner = command.commands.find((each) => each.name() === word);
    if (inner === undefined) return null;
    command = inner;
  }
  return words.length === 0 ? null : command;
}

export function commandWords(command: string): readonly string[] {
  return command.split(/\s+/).filter((word) => word !== "");
}

/** Of the file's aliases those whose commands are here, in the order of the commands. */
export function usableAliases(program: Command, aliases: Aliases): readonly (readonly [string, string])[] {
  return Object.entries(aliases)
    .filter(([, command]) => findCommand(program, commandWords(command)) !== null)
    .sort(([name, command], [otherName, other]) =>
      command === other ? (name < otherName ? -1 : 1) : command < other ? -1 : 1,
    );
}

/** Whether the alias is what it is by default, and hence a command of the tree with its own help. */
export function isDefaultAlias(aliases: Aliases, name: keyof typeof DEFAULT_ALIASES): boolean {
  return aliases[name] === DEFAULT_ALIASES[name];
}

/** The command line with an alias replaced by its words. A command of that name goes before an alias. */
export function expandAlias(argv: readonly string[], program: Command, aliases: Aliases): readonly string[] {
  const start = firstOperand(argv, program);
  const at = argv[start] === HELP ? start + 1 : start;
  const name = argv[at];
  if (name === undefined || findCommand(program, [name]) !== null || !Object.hasOwn(aliases, name))
    return argv;
  const words = commandWords(aliases[name] ?? "");
  return findCommand(program, words) === null ? argv : argv.toSpliced(at, 1, ...words);
}

/** Global options may stand before the command, with their values. */
function firstOperand(argv: readonly string[], program: Command): number {
  let at = 0;
  while (argv[at]?.startsWith("-") === true) {
    const option = program.options.find(({ long, short }) => long === argv[at] || short === argv[at]);
    at += option?.required === true ? 2 : 1;
  }
  return at;
}
