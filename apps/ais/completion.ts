/** What may follow on a command line, read from the command tree. Pure: names of buckets and nodes are left to the caller. */
import type { Command, Option } from "commander";

export type Wanted = "buckets" | "objects" | "nodes" | "settings" | "aliases" | "files";

export interface Completion {
  /** Words that the tree knows and that begin with the current one. */
  readonly words: readonly string[];
  /** Names that only the cluster or the file system knows. */
  readonly wanted: readonly Wanted[];
}

const NOTHING: Completion = { words: [], wanted: [] };

/** `words` stand after `ais`; the last one is being typed and may be empty. */
export function complete(program: Command, words: readonly string[]): Completion {
  const current = words.at(-1) ?? "";
  const { command, position, pending } = walk(program, words.slice(0, -1));
  if (pending !== null) return optionValue(pending, current);
  if (current.startsWith("-")) {
    return { words: optionNames(command).filter((name) => name.startsWith(current)), wanted: [] };
  }
  const names = position === 0 ? subcommandNames(command).filter((name) => name.startsWith(current)) : [];
  return { words: names, wanted: argumentValues(command, position) };
}

interface Walk {
  readonly command: Command;
  /** Operands of `command` that are typed already. */
  readonly position: number;
  /** The option that the current word is the value of. */
  readonly pending: Option | null;
}

function walk(program: Command, words: readonly string[]): Walk {
  let command = program;
  let position = 0;
  let pending: Option | null = null;
  for (const word of words) {
    if (pending !== null) {
      pending = null;
    } else if (word.startsWith("-") && word !== "-") {
      const option = findOption(command, word);
      pending = option?.required === true && !word.includes("=") ? option : null;
    } else {
      const inner = position === 0 ? command.commands.find((each) => each.name() === word) : undefined;
      if (inner === undefined) position++;
      else command = inner;
    }
  }
  return { command, position, pending };
}

function findOption(command: Command, word: string): Option | undefined {
  return withAncestors(command)
    .flatMap((each) => each.options)
    .find((option) => option.long === word || option.short === word);
}

function optionNames(command: Command): readonly string[] {
  const options = withAncestors(command).flatMap((each) => each.options);
  const names = options.filter((option) => !option.hidden).flatMap((option) => option.long ?? []);
  return [...new Set([...names, "--help"])].sort();
}

function optionValue(option: Option, current: string): Completion {
  const choices = option.argChoices ?? [];
  if (choices.length > 0) return { words: choices.filter((each) => each.startsWith(current)), wanted: [] };
  if (option.long === "--bucket") return { words: [], wanted: ["buckets"] };
  if (option.long === "--node") return { words: [], wanted: ["nodes"] };
  return NOTHING;
}

function subcommandNames(command: Command): readonly string[] {
  const names = command
    .createHelp()
    .visibleCommands(command)
    .map((each) => each.name());
  return command.parent === null ? names : names.filter((name) => name !== "help");
}

const ARGUMENT_VALUES: Readonly<Record<string, readonly Wanted[]>> = {
  bucket: ["buckets"],
  object: ["objects"],
  node: ["nodes"],
  nodes: ["nodes"],
  target: ["nodes"],
  scope: ["nodes"],
  setting: ["settings"],
  alias: ["aliases"],
  destination: ["files"],
};

function argumentValues(command: Command, position: number): readonly Wanted[] {
  const args = command.registeredArguments;
  const last = args.at(-1);
  const argument = args[position] ?? (last?.variadic === true ? last : undefined);
  // The first operand of `put` is a file; any later one may be the destination.
  if (argument?.name() === "source") return position === 0 ? ["files"] : ["files", "buckets"];
  return ARGUMENT_VALUES[argument?.name() ?? ""] ?? [];
}

function withAncestors(command: Command): readonly Command[] {
  return command.parent === null ? [command] : [command, ...withAncestors(command.parent)];
}
