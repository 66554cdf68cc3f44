import { OPTIONS, type OptionEntry } from "./table.ts";
import { UNSUPPORTED } from "./unsupported.ts";

const EXAMPLES = `Examples:
  aisloader -bucket=ais://abc -duration 30s -numworkers=8 -minsize=4K -maxsize=4K -pctput=100 -cleanup=false
  aisloader -bucket=ais://abc -duration 30s -numworkers=32 -pctput=0 -verifyhash -cleanup=true
  aisloader -bucket=ais://abc -duration 1m -pctput=30 -maxsize=1MiB -trace 0.01 -slowest 5 -cleanup=false
  aisloader -bucket=ais://abc -duration 0s -cleanup=true
`;

/** The text of `--help`. */
export function helpText(): string {
  const lines = Object.entries<OptionEntry>(OPTIONS).map(([name, entry]) => {
    const value = entry.kind === "switch" ? "" : ` <${entry.choices?.join("|") ?? entry.kind}>`;
    const notes = [
      ...(entry.default === undefined ? [] : [`default ${entry.default}`]),
      ...(entry.env === undefined ? [] : [entry.env]),
      ...(entry.aliases === undefined ? [] : [`also -${entry.aliases.join(", -")}`]),
    ];
    return `  -${name}${value}\n      ${entry.help}${notes.length === 0 ? "" : ` [${notes.join("; ")}]`}`;
  });
  const refused = Object.keys(UNSUPPORTED).map((name) => `-${name}`);
  return `Usage: aisloader [flags]

Loads a cluster with PUT and GET of objects and measures it. A closed loop: every worker has one request in flight,
so latencies are those of a cluster that is asked no faster than it answers. Exits 1 when a request failed.

${lines.join("\n")}

Flags of AIStore's loader that are refused:
  ${wrapped(refused)}

${EXAMPLES}`;
}

const LINE_MAX_CHARS = 100;

function wrapped(words: readonly string[]): string {
  let text = "";
  let column = 0;
  for (const word of words) {
    if (column > 0 && column + word.length + 1 > LINE_MAX_CHARS) {
      text += "\n  ";
      column = 0;
    }
    text += column === 0 ? word : ` ${word}`;
    column += word.length + 1;
  }
  return text;
}
