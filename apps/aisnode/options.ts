/**
 * The options of `aisnode` as one table (style.md 18): flags, environment names, help and the type all come from it.
 * A flag wins over its environment variable. The `tracing*` entries are special: the stored cluster config stands
 * between the two (tracing.md 1), so `parseOptions` also tells where a value came from.
 */

import { isAbsolute, join, resolve } from "node:path";
import { parseDurationMs } from "@ais/base/units.ts";
import { PROMOTE_ROOT } from "@ais/wire/promote.ts";

const DURATION_MIN_MS = 1000;

export const OPTIONS = {
  role: {
    kind: "choice",
    choices: ["proxy", "target"],
    env: "AIS_ROLE",
    required: true,
    help: "what this node is: a proxy answers the API and redirects, a target stores objects",
  },
  "daemon-id": {
    kind: "text",
    env: "AIS_DAEMON_ID",
    help: "node id; without it the id kept in the config directory, or a new one",
  },
  hostname: {
    kind: "text",
    env: "AIS_HOSTNAME",
    default: "127.0.0.1",
    help: "name or address that clients and other nodes use to reach this node",
  },
  "listen-address": {
    kind: "text",
    env: "AIS_LISTEN_ADDRESS",
    help: "address to listen on; without it loopback when --hostname is loopback, else every address",
  },
  port: {
    kind: "port",
    env: "AIS_PORT",
    default: 8080,
    help: "port to listen on; 0 takes a free one",
  },
  "config-dir": {
    kind: "path",
    env: "AIS_CONFIG_DIR",
    help: "directory of this node's own state, such as its id; without it ~/.ais/<role>-<port>, or below /var/lib without HOME",
  },
  "log-dir": {
    kind: "path",
    env: "AIS_LOG_DIR",
    help: "directory of log files; without it the log goes to standard error only",
  },
  "log-level": {
    kind: "choice",
    choices: ["1", "2", "3", "4", "5"],
    env: "AIS_LOG_LEVEL",
    default: "3",
    help: "verbosity, 4 and 5 with every request; the flag wins over the cluster's log.level, the variable does not",
  },
  deployment: {
    kind: "text",
    env: "AIS_DEPLOYMENT",
    help: "kind of deployment that clients are told: dev when all nodes share one disk; without it K8s or the system's name",
  },
  "pod-name": {
    kind: "text",
    env: "MY_POD",
    help: "name of the Kubernetes pod",
  },
  "max-connections": {
    kind: "count",
    env: "AIS_MAX_CONNECTIONS",
    default: 0,
    help: "open connections; 0 takes 8192, or what the process may open of files",
  },
  "max-open-writes": {
    kind: "count",
    env: "AIS_MAX_OPEN_WRITES",
    default: 0,
    help: "object files being received at a time, half a MiB of memory each; 0 takes 512, or less (target only)",
  },
  "slow-client-seconds": {
    kind: "count",
    env: "AIS_SLOW_CLIENT_SECONDS",
    default: 60,
    min: 1,
    help: "who sends, or takes, less than 1 KiB/s for so long is cut off",
  },
  coordinator: {
    kind: "text",
    env: "AIS_COORDINATOR",
    help: "store of cluster metadata: sqlite:/absolute/path; without it sqlite:~/.ais/cluster.db",
  },
  "lease-ttl": {
    kind: "duration",
    env: "AIS_LEASE_TTL",
    default: "4s",
    help: "a node that does not show itself for so long leaves the cluster map, and comes back with a rebalance",
  },
  mountpath: {
    kind: "list",
    env: "AIS_MOUNTPATHS",
    help: "directory that holds objects; repeat the flag for more, separate with a colon in the environment (target only)",
  },
  workers: {
    kind: "count",
    env: "AIS_WORKERS",
    default: 1,
    min: 1,
    max: 64,
    help: "processes that serve this node's requests on its one port, for machines with many cores",
  },
  "promote-root": {
    kind: "path",
    env: "AIS_PROMOTE_ROOT",
    default: PROMOTE_ROOT,
    help: "directory below which files can be promoted to objects (target only)",
  },
  "tracing-endpoint": {
    kind: "text",
    env: "AIS_TRACING_ENDPOINT",
    help: "OTLP collector, which enables tracing: host:port, http://host:port or https://host:port; with a path it is OTLP/HTTP",
  },
  "tracing-service-prefix": {
    kind: "text",
    env: "AIS_TRACING_SERVICE_PREFIX",
    help: "service name is <prefix>-proxy or <prefix>-target",
  },
  "tracing-sampling-probability": {
    kind: "text",
    env: "AIS_TRACING_SAMPLING_PROBABILITY",
    help: "share of traces kept, from 0 to 1",
  },
  "tracing-auth-token-header": {
    kind: "text",
    env: "AIS_TRACING_AUTH_TOKEN_HEADER",
    help: "metadata key under which the collector wants its token",
  },
  "tracing-auth-token-file": {
    kind: "path",
    env: "AIS_TRACING_AUTH_TOKEN_FILE",
    help: "file that holds the collector's token",
  },
  version: { kind: "switch", help: "print the version and exit" },
  help: { kind: "switch", help: "print this text and exit" },
} as const satisfies Record<string, OptionEntry>;

interface OptionEntry {
  readonly kind: "text" | "path" | "port" | "count" | "duration" | "choice" | "list" | "switch";
  readonly help: string;
  readonly env?: string;
  readonly choices?: readonly string[];
  readonly default?: string | number;
  readonly required?: true;
  /** Of a count; 0 without it. */
  readonly min?: number;
  readonly max?: number;
}

export type OptionName = keyof typeof OPTIONS;

type ValueOf<E> = E extends { kind: "switch" }
  ? boolean
  : E extends { kind: "list" }
    ? readonly string[]
    : E extends { kind: "port" | "count" | "duration" }
      ? number
      : E extends { kind: "choice"; choices: readonly (infer C)[] }
        ? C
        : string;

/** Absent texts and paths are empty, absent lists are empty. Paths are absolute, durations are milliseconds. */
export type NodeOptions = { readonly [N in OptionName]: ValueOf<(typeof OPTIONS)[N]> };

export type OptionSource = "flag" | "environment" | "default";

export interface ParsedOptions {
  readonly options: NodeOptions;
  readonly sources: Readonly<Record<OptionName, OptionSource>>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the caller got wrong; the text is for people and the process exits 2. */
export class OptionError extends Error {
  override readonly name = "OptionError";
}

/** Reads flags over environment over defaults and checks every value. Throws `OptionError`. */
export function parseOptions(argv: readonly string[], env: Environment): ParsedOptions {
  const flags = readFlags(argv);
  const values: Record<string, string | number | boolean | readonly string[]> = {};
  const sources: Record<string, OptionSource> = {};
  const wantsText = flags.has("help") || flags.has("version");
  for (const [name, entry] of Object.entries(OPTIONS) as [OptionName, OptionEntry][]) {
    const given = flags.get(name);
    const fromEnv = entry.env === undefined ? undefined : env[entry.env];
    if (given !== undefined) {
      sources[name] = "flag";
      values[name] = parseValue(`--${name}`, entry, given);
    } else if (fromEnv !== undefined && fromEnv !== "") {
      sources[name] = "environment";
      values[name] = parseValue(
        entry.env ?? name,
        entry,
        entry.kind === "list" ? fromEnv.split(":") : [fromEnv],
      );
    } else if (entry.required && !wantsText) {
      throw new OptionError(`missing --${name}, want one of ${(entry.choices ?? []).join(", ")}; see --help`);
    } else {
      sources[name] = "default";
      values[name] = absentValue(entry);
    }
  }
  // The loop filled every name of the table with the value that `ValueOf` gives its kind.
  const parsed = { options: values as NodeOptions, sources: sources as Record<OptionName, OptionSource> };
  if (!wantsText) checkTogether(parsed.options);
  return Object.freeze({
    options: Object.freeze(withDefaults(parsed.options, env)),
    sources: parsed.sources,
  });
}

function readFlags(argv: readonly string[]): Map<string, string[]> {
  const flags = new Map<string, string[]>();
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    const match = /^--?([a-z][a-z-]*)(?:=(.*))?$/s.exec(word);
    const name = match?.[1] ?? "";
    if (!Object.hasOwn(OPTIONS, name)) throw new OptionError(`unknown option "${word}", see --help`);
    const entry: OptionEntry = OPTIONS[name as OptionName];
    let value = match?.[2];
    if (entry.kind === "switch") {
      if (value !== undefined) throw new OptionError(`--${name} takes no value, got "${value}"`);
      value = "true";
    } else if (value === undefined) {
      value = argv[++i];
      if (value === undefined || value.startsWith("--")) throw new OptionError(`--${name} needs a value`);
    }
    const earlier = flags.get(name);
    if (earlier && entry.kind !== "list") throw new OptionError(`--${name} is given twice`);
    flags.set(name, [...(earlier ?? []), value]);
  }
  return flags;
}

function parseValue(label: string, entry: OptionEntry, given: readonly string[]) {
  const text = given[0] ?? "";
  switch (entry.kind) {
    case "switch":
      return true;
    case "list":
      return given.filter((item) => item !== "").map((item) => resolve(item));
    case "path":
      return text === "" ? "" : resolve(text);
    case "port": {
      const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
      if (!(port <= 65535)) throw new OptionError(`${label} is "${text}", want a port from 0 to 65535`);
      return port;
    }
    case "duration":
      return durationMs(label, text);
    case "count": {
      const count = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
      const { min = 0, max } = entry;
      if (!(count >= min)) throw new OptionError(`${label} is "${text}", want a number of at least ${min}`);
      if (max !== undefined && count > max)
        throw new OptionError(`${label} is "${text}", want a number of at most ${max}`);
      return count;
    }
    case "choice":
      if (entry.choices?.includes(text)) return text;
      throw new OptionError(`${label} is "${text}", want one of ${(entry.choices ?? []).join(", ")}`);
    case "text":
      return text;
  }
}

function absentValue(entry: OptionEntry) {
  if (entry.kind === "switch") return false;
  if (entry.kind === "list") return [];
  if (entry.kind === "duration") return durationMs("the default", String(entry.default));
  return entry.default ?? "";
}

function durationMs(label: string, text: string): number {
  try {
    const ms = parseDurationMs(text);
    if (ms >= DURATION_MIN_MS) return ms;
  } catch {
    // Said below.
  }
  throw new OptionError(`${label} is "${text}", want a duration of a second or more, such as 4s`);
}

/** Rules over more than one option. */
function checkTogether(options: NodeOptions): void {
  if (options.role === "target" && options.mountpath.length === 0) {
    throw new OptionError("missing --mountpath: a target needs at least one directory for objects");
  }
  if (options.role === "proxy" && options.mountpath.length > 0) {
    throw new OptionError("--mountpath is given to a proxy, which stores no objects");
  }
  if (new Set(options.mountpath).size !== options.mountpath.length) {
    throw new OptionError("the same --mountpath is given twice");
  }
  const location = /^sqlite:(.*)$/s.exec(options.coordinator)?.[1];
  if (options.coordinator !== "" && (location === undefined || !isAbsolute(location.replace(/^\/\//, "")))) {
    throw new OptionError(`--coordinator is "${options.coordinator}", want sqlite:/absolute/path`);
  }
  if (options.hostname === "") throw new OptionError("--hostname is empty");
}

/** Fills what depends on other options. */
function withDefaults(options: NodeOptions, env: Environment): NodeOptions {
  const state = join(env["HOME"] || "/var/lib", ".ais");
  const loopback = /^(localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/.test(options.hostname);
  return {
    ...options,
    "listen-address": options["listen-address"] || (loopback ? "127.0.0.1" : "0.0.0.0"),
    "config-dir": options["config-dir"] || join(state, `${options.role}-${options.port}`),
    coordinator: options.coordinator || `sqlite:${join(state, "cluster.db")}`,
  };
}

/** The text of `--help`. */
export function helpText(): string {
  const lines = (Object.entries(OPTIONS) as [string, OptionEntry][]).map(([name, entry]) => {
    const value = entry.kind === "switch" ? "" : ` <${entry.choices?.join("|") ?? entry.kind}>`;
    const notes = [
      ...(entry.required ? ["required"] : []),
      ...(entry.default === undefined ? [] : [`default ${entry.default}`]),
      ...(entry.env === undefined ? [] : [entry.env]),
    ];
    return `  --${name}${value}\n      ${entry.help}${notes.length > 0 ? ` [${notes.join(", ")}]` : ""}`;
  });
  return `Usage: aisnode --role proxy|target [options]\n\n${lines.join("\n")}\n`;
}
