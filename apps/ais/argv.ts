/** Spellings that AIStore's own command line takes and this option parser does not. */
import type { Command } from "commander";

/** Other names of options. */
const ALIASES: Readonly<Record<string, string>> = {
  "--nr": "--non-recursive",
  "--no-recursion": "--non-recursive",
  "--num-workers": "--conc",
  "--compute-cksum": "--compute-checksum",
  "--no-footers": "--no-headers",
};

/** Long options with one dash become long options with two; aliases become the option they stand for. */
export function normalizeArguments(argv: readonly string[], program: Command): readonly string[] {
  const known = new Set([...longOptions(program), ...Object.keys(ALIASES), "--help", "--version"]);
  const end = argv.indexOf("--");
  return argv.map((argument, index) => {
    if ((end >= 0 && index >= end) || !/^--?[a-zA-Z]{2}/.test(argument)) return argument;
    const equals = argument.indexOf("=");
    const name = equals < 0 ? argument : argument.slice(0, equals);
    const long = name.startsWith("--") ? name : `-${name}`;
    if (!known.has(long)) return argument;
    return (ALIASES[long] ?? long) + (equals < 0 ? "" : argument.slice(equals));
  });
}

function longOptions(command: Command): readonly string[] {
  const own = command.options.flatMap((option) => (option.long === undefined ? [] : [option.long]));
  return [...own, ...command.commands.flatMap(longOptions)];
}
