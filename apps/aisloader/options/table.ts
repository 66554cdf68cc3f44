import { CHECKSUM_TYPES } from "@ais/wire/checksum.ts";
import { SIZE_DISTRIBUTIONS } from "../workload/object-sizes.ts";

/**
 * The flags, written with one dash or two. Names, meanings and defaults of what AIStore's loader has too are its own
 * (wire-compat 12.3); those marked (+) are not in it. The one table behind parsing, `--help` and the type.
 */
export const OPTIONS = {
  bucket: {
    kind: "text",
    help: "bucket name or URI such as ais://abc; without it a new bucket with a random name",
  },
  provider: { kind: "text", default: "ais", help: "provider of a bucket that is given by name" },
  bprops: { kind: "text", help: "JSON of bucket properties to set before the load" },
  cleanup: {
    kind: "switch",
    help: "destroy the bucket when the load is done; must be given, true or false, with -bucket",
  },
  ip: { kind: "text", default: "localhost", help: "address of a proxy" },
  port: { kind: "integer", default: "8080", help: "port of that proxy" },
  endpoint: { kind: "text", env: "AIS_ENDPOINT", help: "(+) URL of a proxy, instead of -ip and -port" },
  randomproxy: { kind: "switch", help: "send every request to a random proxy of the cluster" },
  direct: { kind: "switch", help: "(+) send every request straight to the target that owns the object" },
  timeout: { kind: "duration", default: "10m", help: "longest wait for one reply, 0 is for ever" },
  duration: {
    kind: "duration",
    help: "length of the load; 1m without it, or no limit with -totalputsize or -epochs; 0 with neither only cleans up",
  },
  stoppable: {
    kind: "switch",
    help: "with -duration 0 run until interrupted; Ctrl-C ends every load in good order",
  },
  numworkers: { kind: "integer", default: "10", help: "requests in flight" },
  pctput: { kind: "percent", default: "0", help: "percentage of PUT, the rest are GET" },
  pctupdate: {
    kind: "percent",
    default: "0",
    help: "percentage of GET that are followed by a PUT of the same object",
  },
  epochs: {
    kind: "integer",
    default: "0",
    help: "read every listed object that many times, in random order, then end",
  },
  maxputs: { kind: "integer", default: "0", help: "end after that many PUT, 0 is no limit" },
  totalputsize: { kind: "size", default: "0", help: "end when that much was put, 0 is no limit" },
  minsize: { kind: "size", help: "smallest object to put; 1MiB, or less when -maxsize is" },
  maxsize: { kind: "size", help: "largest object to put; 1GiB, or more when -minsize is" },
  "size-distribution": {
    kind: "choice",
    choices: SIZE_DISTRIBUTIONS,
    default: "uniform",
    help: "(+) how sizes lie between smallest and largest",
  },
  readertype: {
    kind: "choice",
    choices: ["sg", "rand"],
    default: "sg",
    help: "where content comes from: random bytes in memory, both names mean the same here",
  },
  "cksum-type": {
    kind: "choice",
    choices: CHECKSUM_TYPES,
    default: "xxhash",
    help: "checksum sent with every PUT",
  },
  verifyhash: {
    kind: "switch",
    help: "compute the checksum of what is read and compare it with the reply's",
  },
  seed: {
    kind: "integer",
    default: "0",
    help: "seed of names, sizes, contents and operations; 0 takes the time",
  },
  subdir: { kind: "text", help: "put under this virtual directory, read names with this prefix" },
  "num-subdirs": {
    kind: "integer",
    default: "0",
    aliases: ["putshards"],
    help: "spread what is put over that many virtual directories",
  },
  randomname: { kind: "switch", default: "true", help: "put 32-character random names instead of numbers" },
  loaderid: { kind: "integer", default: "0", help: "number of this loader among several" },
  loadernum: {
    kind: "integer",
    default: "0",
    help: "how many loaders work together; then names are numbers, apart",
  },
  getloaderid: { kind: "switch", help: "print the loader's number in hexadecimal and exit" },
  filelist: {
    kind: "text",
    help: "text file with the names to read, one a line, instead of listing the bucket",
  },
  skiplist: { kind: "switch", help: "do not list the bucket before 100% PUT, which is never done anyway" },
  readoff: { kind: "size", default: "0", help: "read from this offset" },
  readlen: { kind: "size", default: "0", help: "read that many bytes, 0 reads to the end" },
  statsinterval: {
    kind: "integer",
    default: "10",
    help: "seconds between reports, 0 reports at the end only",
  },
  "stats-output": {
    kind: "text",
    help: "write a JSON array of interval records and, last, the summary to this file, or - for standard output",
  },
  json: { kind: "switch", help: "print the final summary as JSON and nothing else on standard output" },
  quiet: { kind: "switch", help: "do not print the settings of the run" },
  "dry-run": { kind: "switch", help: "print the settings of the run and exit" },
  "allow-errors": { kind: "switch", help: "(+) exit 0 although requests failed" },
  trace: {
    kind: "ratio",
    default: "0",
    help: "(+) share of requests, 0 to 1, that are sent with a sampled trace context",
  },
  slowest: { kind: "integer", default: "10", help: "(+) how many of the traced requests to name at the end" },
  version: { kind: "switch", help: "print the version and exit" },
  help: { kind: "switch", aliases: ["usage", "h"], help: "print this text and exit" },
} as const satisfies Record<string, OptionEntry>;

export interface OptionEntry {
  /** An integer is not negative, a percent is an integer up to 100, a ratio a number from 0 to 1. */
  readonly kind: "text" | "integer" | "percent" | "ratio" | "size" | "duration" | "choice" | "switch";
  readonly help: string;
  readonly env?: string;
  readonly choices?: readonly string[];
  /** As it would be given. Without it the option is absent. */
  readonly default?: string;
  readonly aliases?: readonly string[];
}

export type OptionName = keyof typeof OPTIONS;

type KindValue<E> = E extends { kind: "switch" }
  ? boolean
  : E extends { kind: "integer" | "percent" | "ratio" | "size" | "duration" }
    ? number
    : E extends { kind: "choice"; choices: readonly (infer C)[] }
      ? C
      : string;

/** Sizes in bytes, durations in milliseconds. Null when not given and without a default; a switch is then null too. */
export type OptionValues = {
  readonly [N in OptionName]: (typeof OPTIONS)[N] extends { default: string }
    ? KindValue<(typeof OPTIONS)[N]>
    : KindValue<(typeof OPTIONS)[N]> | null;
};
