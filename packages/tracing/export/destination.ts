import { parseExporterEndpoint, type TracingSection } from "@ais/wire/tracing-config.ts";
import type { Env } from "../recorder/env-number.ts";
import { envTimeoutMs } from "../recorder/env-number.ts";
import { parsePairs } from "../resource.ts";

/** Where and how to export. Plain data: it goes to the worker, and two are the same when their JSON is. */
export interface Destination {
  readonly host: string;
  readonly port: number;
  readonly security: "plain" | "tls" | "detect";
  /** False: the collector's certificate is not checked. */
  readonly verify: boolean;
  /** Of OTLP/HTTP, from the slash; empty for gRPC. */
  readonly httpPath: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Both empty, or neither. */
  readonly tokenHeader: string;
  readonly tokenFile: string;
  /** PEM files; empty for none. */
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly gzip: boolean;
  /** Of one call. */
  readonly timeoutMs: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * The section's exporter settings, completed from OpenTelemetry's environment where the section says nothing. No call
 * takes longer than a batch may (`exportTimeoutMs`).
 */
export function destinationOf(section: TracingSection, env: Env, exportTimeoutMs: number): Destination {
  const { token_header, token_file } = section.exporter_auth;
  const { host, port, scheme, httpPath } = parseExporterEndpoint(section.exporter_endpoint);
  const insecure = otlpEnv(env, "INSECURE").toLowerCase() === "true";
  return {
    host,
    port,
    security: scheme === "auto" ? autoSecurity(section.skip_verify, insecure) : scheme,
    verify: !section.skip_verify,
    httpPath:
      httpPath === "" && otlpEnv(env, "PROTOCOL").toLowerCase() === "http/protobuf" ? "/v1/traces" : httpPath,
    headers: parsePairs(otlpEnv(env, "HEADERS")),
    tokenHeader: token_header.toLowerCase(),
    tokenFile: token_file,
    caFile: otlpEnv(env, "CERTIFICATE"),
    certFile: otlpEnv(env, "CLIENT_CERTIFICATE"),
    keyFile: otlpEnv(env, "CLIENT_KEY"),
    gzip: otlpEnv(env, "COMPRESSION").toLowerCase() === "gzip",
    timeoutMs: Math.min(exportTimeoutMs, envTimeoutMs(env, otlpNames("TIMEOUT"), DEFAULT_TIMEOUT_MS)),
  };
}

/** How people see it: `grpc://localhost:4317 (plaintext)`. `tls` is null while the collector was not yet asked. */
export function endpointText(destination: Destination, tls: boolean | null): string {
  const host = bracketed(destination.host);
  const protocol = destination.httpPath === "" ? "grpc" : tls === true ? "https" : "http";
  const security = tls === null ? "not connected yet" : securityText(tls, destination.verify);
  return `${protocol}://${host}:${destination.port}${destination.httpPath} (${security})`;
}

/** An IPv6 address as it stands before a port. */
export function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function securityText(tls: boolean, verify: boolean): string {
  if (!tls) return "plaintext";
  return verify ? "TLS" : "TLS, certificate not verified";
}

/** Without a scheme, an insecure exporter must be allowed before plaintext is tried. */
function autoSecurity(skipVerify: boolean, insecure: boolean): Destination["security"] {
  if (skipVerify) return "detect";
  return insecure ? "plain" : "tls";
}

/** The variable of traces wins over the one of all signals. */
function otlpEnv(env: Env, name: string): string {
  for (const full of otlpNames(name)) {
    const value = env[full]?.trim() ?? "";
    if (value !== "") return value;
  }
  return "";
}

function otlpNames(name: string): readonly string[] {
  return [`OTEL_EXPORTER_OTLP_TRACES_${name}`, `OTEL_EXPORTER_OTLP_${name}`];
}
