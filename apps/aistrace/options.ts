import { homedir } from "node:os";
import { join } from "node:path";
import { AisError } from "@ais/base/errors.ts";
import { parseDurationMs, parseSize } from "@ais/base/units.ts";

export interface Options {
  readonly listenAddress: string;
  readonly otlpGrpcPort: number;
  readonly otlpHttpPort: number;
  readonly queryPort: number;
  readonly dataDir: string;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  /** Empty: no TLS. */
  readonly tlsCert: string;
  readonly tlsKey: string;
}

interface OptionEntry<T> {
  readonly flag: string;
  readonly env: string;
  readonly value: string;
  readonly help: string;
  readonly fallback: string;
  /** Throws `badRequest` with a message that stands after "--flag: ". */
  parse(text: string): T;
}

type OptionTable = { readonly [K in keyof Options]: OptionEntry<Options[K]> };

const MIN_STORE_BYTES = 1024 * 1024;

/** Every option: its flag, its environment name, its help and its check. A flag wins over the environment. */
const OPTIONS: OptionTable = {
  listenAddress: {
    flag: "listen-address",
    env: "AISTRACE_LISTEN_ADDRESS",
    value: "ADDRESS",
    help: "address of the three ports; 0.0.0.0 to be reached from other machines",
    fallback: "127.0.0.1",
    parse: (text) => nonEmpty(text, "an address"),
  },
  otlpGrpcPort: {
    flag: "otlp-grpc-port",
    env: "AISTRACE_OTLP_GRPC_PORT",
    value: "PORT",
    help: "OTLP/gRPC in",
    fallback: "4317",
    parse: parsePort,
  },
  otlpHttpPort: {
    flag: "otlp-http-port",
    env: "AISTRACE_OTLP_HTTP_PORT",
    value: "PORT",
    help: "OTLP/HTTP in, at /v1/traces",
    fallback: "4318",
    parse: parsePort,
  },
  queryPort: {
    flag: "query-port",
    env: "AISTRACE_QUERY_PORT",
    value: "PORT",
    help: "the page, Jaeger's query API, /metrics and /healthz",
    fallback: "16686",
    parse: parsePort,
  },
  dataDir: {
    flag: "data-dir",
    env: "AISTRACE_DATA_DIR",
    value: "DIR",
    help: "where the traces are kept",
    fallback: join(homedir(), ".local", "share", "aistrace"),
    parse: (text) => nonEmpty(text, "a directory"),
  },
  maxBytes: {
    flag: "max-bytes",
    env: "AISTRACE_MAX_BYTES",
    value: "SIZE",
    help: "the oldest traces are removed when there are more bytes on disk",
    fallback: "1GiB",
    parse: parseStoreBytes,
  },
  maxAgeMs: {
    flag: "max-age",
    env: "AISTRACE_MAX_AGE",
    value: "TIME",
    help: "traces that arrived longer ago are removed",
    fallback: "48h",
    parse: parseAge,
  },
  tlsCert: {
    flag: "tls-cert",
    env: "AISTRACE_TLS_CERT",
    value: "FILE",
    help: "PEM certificate; all three ports speak TLS then",
    fallback: "",
    parse: (text) => text,
  },
  tlsKey: {
    flag: "tls-key",
    env: "AISTRACE_TLS_KEY",
    value: "FILE",
    help: "PEM key of the certificate",
    fallback: "",
    parse: (text) => text,
  },
};

export type CommandLine =
  | { readonly run: "serve"; readonly options: Options }
  | { readonly run: "help" | "version" };

/** Throws `badRequest` that names the flag or the variable at fault. */
export function parseCommandLine(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): CommandLine {
  if (args.includes("--help") || args.includes("-h")) return { run: "help" };
  if (args.includes("--version")) return { run: "version" };
  const given = readFlags(args);
  const read = <T>(entry: OptionEntry<T>): T => {
    const flag = given.get(entry.flag);
    const variable = env[entry.env];
    const isFlag = flag !== undefined;
    const text = flag ?? (variable === undefined || variable === "" ? entry.fallback : variable);
    try {
      return entry.parse(text);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new AisError("badRequest", `${isFlag ? `--${entry.flag}` : entry.env}: ${reason}`, { cause });
    }
  };
  const options: Options = {
    listenAddress: read(OPTIONS.listenAddress),
    otlpGrpcPort: read(OPTIONS.otlpGrpcPort),
    otlpHttpPort: read(OPTIONS.otlpHttpPort),
    queryPort: read(OPTIONS.queryPort),
    dataDir: read(OPTIONS.dataDir),
    maxBytes: read(OPTIONS.maxBytes),
    maxAgeMs: read(OPTIONS.maxAgeMs),
    tlsCert: read(OPTIONS.tlsCert),
    tlsKey: read(OPTIONS.tlsKey),
  };
  if ((options.tlsCert === "") !== (options.tlsKey === "")) {
    throw new AisError("badRequest", "--tls-cert and --tls-key belong together: give both or neither");
  }
  return { run: "serve", options: Object.freeze(options) };
}

export function helpText(): string {
  const entries: readonly OptionEntry<unknown>[] = Object.values(OPTIONS);
  const rows = [
    ...entries.map(({ flag, value, help, fallback, env }) => ({
      left: `--${flag} ${value}`,
      right: `${help}${fallback === "" ? "" : ` (${fallback})`} [${env}]`,
    })),
    { left: "--help", right: "this text" },
    { left: "--version", right: "print the version" },
  ];
  const width = Math.max(...rows.map(({ left }) => left.length));
  return [
    "aistrace takes in OpenTelemetry traces, keeps them on this machine and shows them in a browser.",
    "",
    "usage: aistrace [options]",
    "",
    ...rows.map(({ left, right }) => `  ${left.padEnd(width)}  ${right}`),
    "",
  ].join("\n");
}

function readFlags(args: readonly string[]): Map<string, string> {
  const known = new Set(Object.values(OPTIONS).map(({ flag }) => flag));
  const given = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const [name = "", inline] = splitOnce(args[i] ?? "");
    if (!name.startsWith("--") || !known.has(name.slice(2))) {
      throw new AisError("badRequest", `unknown option "${name}", --help lists them`);
    }
    const value = inline ?? args[++i];
    if (value === undefined) throw new AisError("badRequest", `${name} needs a value`);
    given.set(name.slice(2), value);
  }
  return given;
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf("=");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function nonEmpty(text: string, what: string): string {
  if (text === "") throw new AisError("badRequest", `expecting ${what}, got nothing`);
  return text;
}

/** 0 takes a free port. */
function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new AisError("badRequest", `expecting a port from 0 to 65535, got "${text}"`);
  }
  return port;
}

function parseStoreBytes(text: string): number {
  const bytes = parseSize(text);
  if (bytes < MIN_STORE_BYTES) throw new AisError("badRequest", `expecting at least 1MiB, got "${text}"`);
  return bytes;
}

function parseAge(text: string): number {
  const ageMs = parseDurationMs(text);
  if (ageMs <= 0) throw new AisError("badRequest", `expecting a positive time, got "${text}"`);
  return ageMs;
}
