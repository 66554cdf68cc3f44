/**
 * The command line's own configuration. The file is AIStore's, so that both command lines share aliases and the address of
 * the cluster: `~/.config/ais/cli/cli.json`. Members that nothing here uses stay as they are.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { durableWriteBytes } from "@ais/base/durable-write.ts";
import { errorText } from "@ais/base/errors.ts";
import { asJsonObject, type JsonObject, textAt } from "@ais/client/json-view.ts";

/** Name to command, without `ais`. */
export type Aliases = Readonly<Record<string, string>>;

/** AIStore's, those of its commands that are here. */
export const DEFAULT_ALIASES = {
  get: "object get",
  put: "object put",
  rmo: "object rm",
  mpu: "object multipart-upload",
  ls: "bucket ls",
  create: "bucket create",
  cp: "bucket cp",
  rmb: "bucket rm",
  start: "job start",
  stop: "job stop",
  wait: "job wait",
  "space-cleanup": "storage cleanup",
} as const satisfies Aliases;

/** What AIStore's command line writes at its first start, and needs to find in a file that is there. */
const FIRST_DOCUMENT = {
  cluster: {
    url: "http://127.0.0.1:8080",
    default_ais_host: "http://127.0.0.1:8080",
    default_docker_host: "http://172.50.0.2:8080",
    client_crt: "",
    client_crt_key: "",
    client_ca_tls: "",
    skip_verify_crt: false,
  },
  timeout: { tcp_timeout: "60s", http_timeout: "0s" },
  auth: { url: "http://127.0.0.1:52001" },
  aliases: DEFAULT_ALIASES,
  default_provider: "ais",
  no_color: false,
  verbose: false,
  no_more: false,
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

export interface CliConfig {
  /** Empty where the environment names no home directory. */
  readonly path: string;
  /** As it is in the file. */
  readonly document: JsonObject;
  /** Why the file cannot be used; empty when it can, or is not there. */
  readonly problem: string;
  /** URL of a proxy; empty for the default. */
  readonly url: string;
  readonly skipVerify: boolean;
  readonly noColor: boolean;
  readonly aliases: Aliases;
}

/** Never throws: commands that need no configuration, and the one that makes a new file, work beside a broken one. */
export function loadCliConfig(env: Environment): CliConfig {
  const home = env["HOME"] ?? "";
  if (home === "") return configOf("", {}, "");
  const path = join(home, ".config/ais/cli/cli.json");
  if (!existsSync(path)) return configOf(path, {}, "");
  try {
    const document: unknown = JSON.parse(readFileSync(path, "utf8"));
    return configOf(path, asJsonObject(document), invalidMember(document));
  } catch (error) {
    return configOf(path, {}, errorText(error));
  }
}

function configOf(path: string, document: JsonObject, problem: string): CliConfig {
  const usable = problem === "" ? document : {};
  const aliases = asJsonObject(usable["aliases"] ?? DEFAULT_ALIASES) as Aliases;
  return {
    path,
    document: usable,
    problem: problem === "" ? "" : `cannot use ${path}: ${problem}\nTo begin anew: ais config cli reset`,
    url: textAt(usable, "cluster.url"),
    skipVerify: textAt(usable, "cluster.skip_verify_crt") === "true",
    noColor: textAt(usable, "no_color") === "true",
    aliases,
  };
}

function invalidMember(document: unknown): string {
  if (typeof document !== "object" || document === null || Array.isArray(document))
    return "it is no JSON object";
  const aliases = asJsonObject(document)["aliases"] ?? {};
  const isMap = Object.values(asJsonObject(aliases)).every((command) => typeof command === "string");
  return isMap && !Array.isArray(aliases) && typeof aliases === "object"
    ? ""
    : '"aliases" is no map of texts';
}

/** Changes one member at a dotted path, and writes the file as a whole. */
export async function saveCliConfig(config: CliConfig, path: string, value: unknown): Promise<void> {
  const base = Object.keys(config.document).length === 0 ? FIRST_DOCUMENT : config.document;
  const [section = "", key] = path.split(".");
  const inner = key === undefined ? value : { ...asJsonObject(asJsonObject(base)[section]), [key]: value };
  await write(config, { ...base, [section]: inner });
}

/** Everything as at the first start, whatever the file holds. */
export async function resetCliConfig(config: CliConfig): Promise<void> {
  await write(config, FIRST_DOCUMENT);
}

async function write({ path }: CliConfig, document: JsonObject): Promise<void> {
  if (path === "") throw new Error("HOME is not set: there is no place for the configuration of ais");
  mkdirSync(dirname(path), { recursive: true });
  await durableWriteBytes(path, `${JSON.stringify(document, null, 4)}\n`, { flush: "os" });
}
