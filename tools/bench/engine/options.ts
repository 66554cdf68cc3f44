import { parseArgs } from "node:util";

export interface EngineOptions {
  /** Null measures every row. */
  readonly only: readonly string[] | null;
  readonly isQuick: boolean;
  readonly rounds: number;
  /** Of one measurement; what has a fixed amount of work takes as long as it takes. */
  readonly seconds: number;
  /** In the bucket that is listed. */
  readonly objects: number;
  /** Where the data of servers and ceilings goes; empty takes the directory for temporary files. */
  readonly directory: string;
  /** A folder that `make node` built; empty builds one. */
  readonly node: string;
  /** Where the daemons leave CPU profiles; empty takes none. */
  readonly profile: string;
}

export const HELP = `make bench BENCH="..." measures the engine. Options:
  --only NAME,...    rows to measure; a name ending in * stands for all that begin so
  --quick            fewer and shorter rounds, less data, ${objectsText(200_000)} objects in the listing: a few minutes
  --rounds N         measurements of each row, after one that warms up
  --seconds S        length of one measurement
  --objects N        objects in the bucket that is listed
  --directory PATH   where the data goes; the disk under it is what is measured
  --node PATH        measure this build of aisnode instead of building one
  --profile PATH     daemons leave CPU profiles there, as text; figures of such a run mean little
  --list             show the names of the rows`;

export interface ParsedArguments {
  readonly action: "run" | "help" | "list";
  readonly options: EngineOptions;
}

/** Throws an `Error` with a text for people. */
export function parseEngineOptions(argv: readonly string[]): ParsedArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: "string", default: "" },
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      seconds: { type: "string" },
      objects: { type: "string" },
      directory: { type: "string", default: "" },
      node: { type: "string", default: "" },
      profile: { type: "string", default: "" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const { quick } = values;
  const only = values.only.split(",").filter((name) => name !== "");
  const options = {
    only: only.length === 0 ? null : only,
    isQuick: quick,
    rounds: number("rounds", values.rounds, quick ? 3 : 5, true),
    seconds: number("seconds", values.seconds, quick ? 0.5 : 1, false),
    objects: number("objects", values.objects, quick ? 200_000 : 1_000_000, true),
    directory: values.directory,
    node: values.node,
    profile: values.profile,
  };
  return { action: values.help ? "help" : values.list ? "list" : "run", options };
}

function number(name: string, text: string | undefined, otherwise: number, isInteger: boolean): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text !== "" && value > 0 && (Number.isSafeInteger(value) || (!isInteger && Number.isFinite(value)))) {
    return value;
  }
  throw new Error(`--${name} is "${text}", want a ${isInteger ? "whole " : ""}number above 0`);
}

/** `1m`, `200k`, `1500`. */
export function objectsText(count: number): string {
  if (count % 1_000_000 === 0) return `${count / 1_000_000}m`;
  return count % 1_000 === 0 ? `${count / 1_000}k` : String(count);
}

export function isChosen(name: string, only: readonly string[] | null): boolean {
  if (only === null) return true;
  return only.some((given) => (given.endsWith("*") ? name.startsWith(given.slice(0, -1)) : given === name));
}
