/** Where the command line looks for things: flags first, then the environment, its configuration, the local playground. */
import type { CliConfig } from "./config/cli-config.ts";
import { UsageError } from "./errors.ts";
import type { CliIo } from "./io.ts";
import type { Units } from "./output/units.ts";

export interface GlobalOptions {
  readonly endpoint?: string;
  readonly json?: boolean;
  readonly headers?: boolean;
  readonly color?: boolean;
  readonly yes?: boolean;
  readonly trace?: boolean;
  readonly units?: Units;
}

export interface Settings {
  readonly endpoint: string;
  /** Jaeger-compatible query API. */
  readonly traceEndpoint: string;
  /** OTLP/HTTP receiver for the spans of `--trace`. */
  readonly traceOtlpUrl: string;
  /** Empty without authentication. */
  readonly token: string;
  readonly skipVerify: boolean;
  readonly json: boolean;
  readonly headers: boolean;
  readonly color: boolean;
  readonly yes: boolean;
  readonly trace: boolean;
  /** Sizes are shown so. */
  readonly units: Units;
  /** What `--units` said: sizes on the command line are read so. Null: by their suffix. */
  readonly givenUnits: Units | null;
}

const DEFAULT_ENDPOINT = "http://127.0.0.1:8080";
const DEFAULT_TRACE_ENDPOINT = "http://localhost:16686";
const DEFAULT_TRACE_OTLP_URL = "http://localhost:4318/v1/traces";

export function resolveSettings(options: GlobalOptions, io: CliIo, config: CliConfig): Settings {
  const { env } = io;
  const asksForColor = !config.noColor && (env.NO_COLOR === undefined || env.NO_COLOR === "");
  return {
    endpoint: endpointUrl(
      options.endpoint ?? nonEmpty(env.AIS_ENDPOINT) ?? nonEmpty(config.url) ?? DEFAULT_ENDPOINT,
    ),
    traceEndpoint: nonEmpty(env.AIS_TRACE_ENDPOINT) ?? DEFAULT_TRACE_ENDPOINT,
    traceOtlpUrl: nonEmpty(env.AIS_TRACE_OTLP) ?? DEFAULT_TRACE_OTLP_URL,
    token: env.AIS_AUTHN_TOKEN ?? "",
    skipVerify: config.skipVerify || /^(1|t|true|y|yes|on)$/i.test(env.AIS_SKIP_VERIFY_CRT ?? ""),
    json: options.json === true,
    headers: options.headers !== false,
    color: options.color !== false && asksForColor && io.stdoutIsTerminal && env.TERM !== "dumb",
    yes: options.yes === true,
    trace: options.trace === true,
    units: options.units ?? "iec",
    givenUnits: options.units ?? null,
  };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

/** Takes `host:port` for a plain URL. Throws `UsageError`. */
export function endpointUrl(text: string): string {
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`invalid endpoint "${text}", expecting a URL such as ${DEFAULT_ENDPOINT}`);
  }
  return url.origin;
}
