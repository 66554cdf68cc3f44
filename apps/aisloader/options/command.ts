import { randomInt } from "node:crypto";
import { errorText } from "@ais/base/errors.ts";
import { asJsonObject, type JsonObject } from "@ais/client/json-view.ts";
import { type Bck, parseObjectUri, parseProvider, validateBucketName } from "@ais/wire/bck.ts";
import { decodeJson } from "@ais/wire/json.ts";
import { parseOrigin } from "../http/origin.ts";
import type { LoadOptions, Route } from "../load-options.ts";
import type { Naming } from "../workload/object-names.ts";
import type { SizeRange } from "../workload/object-sizes.ts";
import { type Environment, parseFlags } from "./parse-flags.ts";
import type { OptionValues } from "./table.ts";
import { UsageError } from "./usage-error.ts";

/** How the program reports. */
export interface ReportOptions {
  /** File of the JSON records; `-` is standard output, null none. */
  readonly statsOutput: string | null;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly allowErrors: boolean;
}

export type Command =
  | { readonly run: "help" | "version" }
  | { readonly run: "loader-id"; readonly loaderId: number }
  | { readonly run: "load" | "dry-run"; readonly load: LoadOptions; readonly report: ReportOptions };

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const DEFAULT_DURATION_MS = 60_000;
/** Longer than any load, and still a timer. */
const NO_INTERVAL_MS = 2 ** 31 - 1;
const RANDOM_NAME_CHARS = 8;

/** Throws `UsageError`. */
export function parseCommand(argv: readonly string[], env: Environment): Command {
  const flags = parseFlags(argv, env);
  if (flags.help === true || argv.length === 0) return { run: "help" };
  if (flags.version === true) return { run: "version" };
  if (flags.getloaderid === true) return { run: "loader-id", loaderId: flags.loaderid };
  try {
    checkTogether(flags);
    const load = loadOf(flags, argv);
    const report = {
      statsOutput: flags["stats-output"] === "" ? null : flags["stats-output"],
      json: flags.json === true,
      quiet: flags.quiet === true,
      allowErrors: flags["allow-errors"] === true,
    };
    return { run: flags["dry-run"] === true ? "dry-run" : "load", load, report };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(errorText(error));
  }
}

/** Rules over more than one flag. */
function checkTogether(flags: OptionValues): void {
  if (flags.bucket !== null && flags.cleanup === null) {
    throw new UsageError(
      "-cleanup must be given with -bucket: -cleanup=true destroys the bucket when the load is done",
    );
  }
  if (flags.randomproxy === true && flags.direct === true) {
    throw new UsageError("-randomproxy and -direct exclude each other");
  }
  if (flags.skiplist === true && flags.pctput < 100)
    throw new UsageError("-skiplist is for -pctput=100 only");
  if (flags.verifyhash === true && (flags.readoff > 0 || flags.readlen > 0)) {
    throw new UsageError("-verifyhash needs whole objects, without -readoff and -readlen");
  }
  if (flags.epochs > 0 && flags.pctput === 100) throw new UsageError("-epochs needs GET, -pctput is 100");
  if (flags.json === true && flags["stats-output"] === "-") {
    throw new UsageError("-json and -stats-output=- both write to standard output");
  }
  if (flags.numworkers === 0) throw new UsageError("-numworkers is 0, want at least 1");
  if (flags.bucket === null && flags.pctput === 0) {
    throw new UsageError("without -bucket there is nothing to read: give -bucket, or -pctput");
  }
}

function loadOf(flags: OptionValues, argv: readonly string[]): LoadOptions {
  return {
    endpoint: endpointOf(flags, argv),
    bucket: bucketOf(flags),
    bucketProps: flags.bprops === null || flags.bprops === "" ? null : bucketPropsOf(flags.bprops),
    cleanup: flags.cleanup ?? true,
    workers: flags.numworkers,
    durationMs: durationOf(flags),
    putPercent: flags.pctput,
    updatePercent: flags.pctupdate,
    epochs: flags.epochs,
    maxPuts: flags.maxputs,
    totalPutBytes: flags.totalputsize,
    seed: flags.seed === 0 ? Date.now() : flags.seed,
    sizes: sizesOf(flags),
    naming: namingOf(flags),
    checksumType: flags["cksum-type"],
    verifyChecksum: flags.verifyhash === true,
    readOffsetBytes: flags.readoff,
    readLengthBytes: flags.readlen,
    fileList: flags.filelist ?? "",
    route: routeOf(flags),
    timeoutMs: flags.timeout === 0 ? Number.POSITIVE_INFINITY : flags.timeout,
    intervalMs:
      flags.statsinterval === 0 ? NO_INTERVAL_MS : Math.min(NO_INTERVAL_MS, flags.statsinterval * 1000),
    traceRatio: flags.trace,
    slowestCount: flags.slowest,
  };
}

function routeOf(flags: OptionValues): Route {
  if (flags.direct === true) return "direct";
  return flags.randomproxy === true ? "random-proxy" : "proxy";
}

/** The endpoint of the environment gives way to nothing but contradicts an address given by flag, as in AIStore's loader. */
function endpointOf(flags: OptionValues, argv: readonly string[]): string {
  if (flags.endpoint === null) {
    const host = flags.ip.includes(":") ? `[${flags.ip}]` : flags.ip;
    return parseOrigin(`http://${host}:${flags.port}`).url;
  }
  if (flags.ip !== "localhost" && flags.ip !== "127.0.0.1") {
    const source = argv.some((word) => /^--?endpoint\b/.test(word)) ? "-endpoint" : "AIS_ENDPOINT";
    throw new UsageError(`${source}=${flags.endpoint} and -ip=${flags.ip} exclude each other`);
  }
  return parseOrigin(flags.endpoint).url;
}

function bucketOf(flags: OptionValues): Bck {
  const provider = parseProvider(flags.provider);
  if (flags.bucket === null || flags.bucket === "") {
    const name = Array.from({ length: RANDOM_NAME_CHARS }, () => randomInt(36).toString(36)).join("");
    return { name: `aisloader-${name}`, provider, namespace: { uuid: "", name: "" } };
  }
  const { bucket, objectName } = parseObjectUri(flags.bucket, provider);
  if (objectName !== "")
    throw new UsageError(`-bucket is "${flags.bucket}", want a bucket without an object name`);
  if (provider !== "ais" && provider !== bucket.provider) {
    throw new UsageError(`-provider is "${flags.provider}", -bucket is "${flags.bucket}"`);
  }
  validateBucketName(bucket.name);
  return bucket;
}

/** The outer braces may be left out. */
function bucketPropsOf(text: string): JsonObject {
  const json = text.trim().startsWith("{") ? text : `{${text.replace(/,\s*$/, "")}}`;
  return asJsonObject(decodeJson(json));
}

function durationOf(flags: OptionValues): number {
  const otherLimit = flags.totalputsize > 0 || flags.epochs > 0;
  if (flags.duration === null) return otherLimit ? Number.POSITIVE_INFINITY : DEFAULT_DURATION_MS;
  if (flags.duration > 0) return flags.duration;
  return otherLimit || flags.stoppable === true ? Number.POSITIVE_INFINITY : 0;
}

function sizesOf({ minsize, maxsize, "size-distribution": distribution }: OptionValues): SizeRange {
  const minBytes = minsize ?? Math.min(MIB, maxsize ?? MIB);
  const maxBytes = maxsize ?? Math.max(minBytes, GIB);
  if (maxBytes < minBytes)
    throw new UsageError(`-maxsize is ${maxBytes} bytes, less than -minsize, ${minBytes} bytes`);
  return { minBytes, maxBytes, distribution };
}

/** Virtual directories have five hexadecimal digits; AIStore's loader sets this limit. */
const SUBDIRECTORIES_MAX = 100_000;

function namingOf(flags: OptionValues): Naming {
  const subdirectory = (flags.subdir ?? "").replace(/\/+$/, "");
  if (subdirectory.startsWith("/"))
    throw new UsageError(`-subdir is "${subdirectory}", want no / at its start`);
  if (flags["num-subdirs"] >= SUBDIRECTORIES_MAX) {
    throw new UsageError(`-num-subdirs is ${flags["num-subdirs"]}, want less than ${SUBDIRECTORIES_MAX}`);
  }
  if (flags.loadernum > 0 && flags.loaderid >= flags.loadernum) {
    throw new UsageError(`-loaderid is ${flags.loaderid}, want less than -loadernum, ${flags.loadernum}`);
  }
  return {
    subdirectory,
    subdirectoryCount: flags["num-subdirs"],
    random: flags.randomname,
    loaderId: flags.loaderid,
    loaderCount: flags.loadernum,
  };
}
