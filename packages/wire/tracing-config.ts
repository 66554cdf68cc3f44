/** The `tracing` section of the cluster config (tracing.md 1). */
import { AisError } from "@ais/base/errors.ts";
import { bool, Field, invalidSetting, type TableValue, text, textMap } from "./config-field.ts";
import { patchTable } from "./config-table.ts";

export const TRACING_TABLE = {
  enabled: bool(false),
  /** `host:port`, `http://host:port` (plaintext) or `https://host:port` (TLS). */
  exporter_endpoint: text(""),
  service_name_prefix: text("aistore"),
  attributes: textMap({}),
  /** Text of a number from 0 to 1. */
  sampler_probability: new Field<string>("1.0", parseProbability),
  skip_verify: bool(false),
  exporter_auth: { token_header: text(""), token_file: text("") },
};

export interface TracingSection extends TableValue<typeof TRACING_TABLE> {}

export const DEFAULT_TRACING_SECTION: TracingSection = {
  enabled: false,
  exporter_endpoint: "",
  service_name_prefix: "aistore",
  attributes: {},
  sampler_probability: "1.0",
  skip_verify: false,
  exporter_auth: { token_header: "", token_file: "" },
};

/** The spelling in AIStore's documentation, which people copy from there. */
const MISSPELT_PROBABILITY = "sampler_probablity";

export function canonicalTracingKey(key: string): string {
  return key === MISSPELT_PROBABILITY ? "sampler_probability" : key;
}

/** A partial section with known spellings only. Throws `badRequest` when one setting is given under both spellings. */
export function canonicalTracingPatch(patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || !Object.hasOwn(patch, MISSPELT_PROBABILITY))
    return patch;
  if (Object.hasOwn(patch, "sampler_probability")) {
    throw new AisError("badRequest", `"tracing.sampler_probability" is given twice, in two spellings`);
  }
  return Object.fromEntries(Object.entries(patch).map(([key, value]) => [canonicalTracingKey(key), value]));
}

/** A whole section from outside, partial or not, checked and completed with defaults. Throws `badRequest`. */
export function normaliseTracing(json: unknown): TracingSection {
  const patch = { tracing: canonicalTracingPatch(json) };
  const { tracing } = patchTable({ tracing: TRACING_TABLE }, { tracing: DEFAULT_TRACING_SECTION }, patch);
  validateTracing(tracing);
  return tracing;
}

/** Rules between the settings of a section; each setting alone was checked when it was read. Throws `badRequest`. */
export function validateTracing(section: TracingSection): void {
  const { exporter_endpoint: endpoint, exporter_auth: auth } = section;
  try {
    parseProbability(section.sampler_probability);
  } catch (cause) {
    throw invalidSetting("tracing.sampler_probability", section.sampler_probability, cause);
  }
  if (endpoint !== "") parseExporterEndpoint(endpoint);
  else if (section.enabled) {
    throw new AisError(
      "badRequest",
      `"tracing.exporter_endpoint" is required when "tracing.enabled" is true`,
    );
  }
  if ((auth.token_header === "") !== (auth.token_file === "")) {
    const [given, wanted] =
      auth.token_file === "" ? ["token_header", "token_file"] : ["token_file", "token_header"];
    throw new AisError(
      "badRequest",
      `"tracing.exporter_auth.${given}" is set without "tracing.exporter_auth.${wanted}": set both or neither`,
    );
  }
  if (auth.token_header !== "" && !isMetadataKey(auth.token_header)) {
    throw new AisError(
      "badRequest",
      `invalid value "${auth.token_header}" of "tracing.exporter_auth.token_header": not a name of gRPC text metadata`,
    );
  }
}

export interface ExporterEndpoint {
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  /** `auto`: no scheme was given, so `skip_verify` and what the collector speaks decide. */
  readonly scheme: "plain" | "tls" | "auto";
}

const ENDPOINT =
  /^(?:(https?):\/\/)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?):(\d{1,5})\/?$/;

/** `host:port`, `http://host:port`, `https://host:port`; throws `badRequest` for anything else. */
export function parseExporterEndpoint(endpoint: string): ExporterEndpoint {
  const [, scheme, host = "", digits = ""] = ENDPOINT.exec(endpoint) ?? [];
  const port = Number(digits);
  if (host === "" || port < 1 || port > 65_535) {
    throw new AisError(
      "badRequest",
      `invalid value "${endpoint}" of "tracing.exporter_endpoint": expecting "host:port", "http://host:port" or "https://host:port"`,
    );
  }
  const schemes = { http: "plain", https: "tls" } as const;
  return {
    host: host.startsWith("[") ? host.slice(1, -1) : host,
    port,
    scheme: scheme === "http" || scheme === "https" ? schemes[scheme] : "auto",
  };
}

/** Shares are decimal numbers; hexadecimal, blanks and words are not, whatever JavaScript's `Number` makes of them. */
const DECIMAL = /^\+?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function parseProbability(value: unknown): string {
  const decimal = typeof value === "number" ? String(value) : value;
  if (typeof decimal !== "string" || !DECIMAL.test(decimal) || Number(decimal) > 1) {
    throw new TypeError("expecting a number from 0 to 1");
  }
  return decimal;
}

/** `-bin` keys carry binary values and `grpc-` ones belong to the protocol, so a token can be sent under neither. */
function isMetadataKey(name: string): boolean {
  const key = name.toLowerCase();
  return /^[0-9a-z_.-]+$/.test(key) && !key.endsWith("-bin") && !key.startsWith("grpc-");
}
