/** The `tracing` section of the cluster config (tracing.md 1). */
import { AisError } from "@ais/base/errors.ts";
import { formatDurationNs, parseDurationNs } from "@ais/base/units.ts";
import {
  bool,
  Field,
  invalidSetting,
  MapField,
  oneOf,
  type TableValue,
  text,
  textMap,
} from "./config-field.ts";
import { patchTable } from "./config-table.ts";
import { OPERATIONS } from "./operations.ts";
import { samplingRules } from "./sampling-rules.ts";
import { parseShare } from "./share.ts";

/** In `tracing.tail.slow`: every operation that has no entry of its own. */
export const EVERY_OPERATION = "*";

/** Every batch of spans carries these texts, and every node keeps them. */
export const SERVICE_NAME_PREFIX_MAX_BYTES = 128;
export const ATTRIBUTES_MAX_COUNT = 64;
export const ATTRIBUTE_KEY_MAX_BYTES = 128;
export const ATTRIBUTE_VALUE_MAX_BYTES = 1024;
export const ATTRIBUTES_MAX_BYTES = 16 * 1024;

export const TRACING_TABLE = {
  enabled: bool(false),
  /** `host:port`, `http://host:port` (plaintext) or `https://host:port` (TLS); with a path it is OTLP/HTTP. */
  exporter_endpoint: text(""),
  service_name_prefix: new Field<string>("aistore", parsePrefix),
  attributes: new MapField({}, parseAttributes),
  /** Text of a number from 0 to 1. */
  sampler_probability: new Field<string>("1.0", parseShare),
  skip_verify: bool(false),
  exporter_auth: { token_header: text(""), token_file: text("") },
  /** Requests whose whole trace is exported although it was not sampled (tracing.md 5). */
  tail: {
    /** Those that end with a 5xx status. */
    errors: bool(false),
    /** Those that take longer: operation, or `*` for the others, to duration. Empty: none. */
    slow: new MapField({}, parseSlow),
  },
  /** Probabilities of some of the new traces; the first rule that matches decides. */
  rules: samplingRules(),
  /** Whether a caller may have a new trace sampled by the header `ais-trace: 1`. */
  allow_forced: bool(true),
  /** `never`: a caller's context becomes a link, and only the cluster's own nodes are believed (tracing.md 3). */
  trust_inbound: oneOf(["always", "never"], "always"),
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
  tail: { errors: false, slow: {} },
  rules: [],
  allow_forced: true,
  trust_inbound: "always",
};

const UTF8 = new TextEncoder();

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
    parseShare(section.sampler_probability);
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
  /** Of OTLP/HTTP, from the slash; empty for gRPC. */
  readonly httpPath: string;
}

const HOST = String.raw`\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?`;
const ENDPOINT = new RegExp(`^(?:(https?)://)?(${HOST})(?::(\\d{1,5}))?(/[!-~]*)?$`);
const SCHEMES = { http: "plain", https: "tls" } as const;
/** A URL with a path may leave out the port, as vendors write theirs. */
const HTTP_PORTS = { http: 80, https: 443 } as const;

/** `host:port` and `http(s)://host:port` are gRPC, `http(s)://host:port/path` is OTLP/HTTP. Throws `badRequest` otherwise. */
export function parseExporterEndpoint(endpoint: string): ExporterEndpoint {
  const [, schemeText, host = "", digits, path = ""] = ENDPOINT.exec(endpoint) ?? [];
  const scheme = schemeText === "http" || schemeText === "https" ? schemeText : null;
  const httpPath = path === "/" ? "" : path;
  const defaultPort = scheme === null || httpPath === "" ? 0 : HTTP_PORTS[scheme];
  const port = digits === undefined ? defaultPort : Number(digits);
  const isPathMisplaced = (scheme === null && path !== "") || /[?#\\]/.test(path);
  if (host === "" || port < 1 || port > 65_535 || isPathMisplaced) {
    throw new AisError(
      "badRequest",
      `invalid value "${endpoint}" of "tracing.exporter_endpoint": expecting "host:port", "http://host:port" or "https://host:port", with a path such as "/v1/traces" for OTLP/HTTP`,
    );
  }
  return {
    host: host.startsWith("[") ? host.slice(1, -1) : host,
    port,
    scheme: scheme === null ? "auto" : SCHEMES[scheme],
    httpPath,
  };
}

function parsePrefix(value: unknown): string {
  const prefix = text("").parse(value);
  requireBytes("the prefix", prefix, SERVICE_NAME_PREFIX_MAX_BYTES);
  return prefix;
}

function parseAttributes(value: unknown): Readonly<Record<string, string>> {
  const attributes = textMap({}).parse(value);
  const entries = Object.entries(attributes);
  if (entries.length > ATTRIBUTES_MAX_COUNT)
    throw new TypeError(`${entries.length} attributes, expecting at most ${ATTRIBUTES_MAX_COUNT}`);
  for (const [key, member] of entries) {
    requireBytes("the name of an attribute", key, ATTRIBUTE_KEY_MAX_BYTES);
    requireBytes(`the value of attribute "${key}"`, member, ATTRIBUTE_VALUE_MAX_BYTES);
  }
  requireBytes("all attributes together", entries.flat().join(""), ATTRIBUTES_MAX_BYTES);
  return attributes;
}

function requireBytes(what: string, content: string, maxBytes: number): void {
  const sizeBytes = UTF8.encode(content).length;
  if (sizeBytes > maxBytes)
    throw new TypeError(`${what} is ${sizeBytes} bytes long, expecting at most ${maxBytes} bytes`);
}

/** A map of operations to durations; an operation that is never traced has no trace to export. */
function parseSlow(value: unknown): Readonly<Record<string, string>> {
  const map = textMap({}).parse(value);
  return Object.fromEntries(
    Object.entries(map).map(([operation, durationText]) => {
      const entry: { readonly traced: boolean } | undefined = Object.hasOwn(OPERATIONS, operation)
        ? OPERATIONS[operation as keyof typeof OPERATIONS]
        : undefined;
      if (operation !== EVERY_OPERATION && entry?.traced !== true)
        throw new TypeError(
          `"${operation}" is no traced operation, expecting for example "object.get" or "*"`,
        );
      const durationNs = parseDurationNs(durationText);
      if (durationNs <= 0n) throw new TypeError(`expecting a duration above 0 for "${operation}"`);
      return [operation, formatDurationNs(durationNs)];
    }),
  );
}

/** `-bin` keys carry binary values and `grpc-` ones belong to the protocol, so a token can be sent under neither. */
function isMetadataKey(name: string): boolean {
  const key = name.toLowerCase();
  return /^[0-9a-z_.-]+$/.test(key) && !key.endsWith("-bin") && !key.startsWith("grpc-");
}
