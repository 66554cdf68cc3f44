import type { TracingSection } from "@ais/wire/tracing-config.ts";
import type { Attributes, TracingOptions } from "./types.ts";

const DEFAULT_PREFIX = "aistore";

/**
 * Resource attributes, weakest first: what the process knows of itself, `OTEL_RESOURCE_ATTRIBUTES`, the service name
 * and AIStore's own keys, `tracing.attributes` (tracing.md 4).
 */
export function resourceAttributes(options: TracingOptions, section: TracingSection): Attributes {
  const { env, role, nodeId, version, hostname, address } = options;
  const pod = env.MY_POD ?? "";
  return {
    "service.version": version,
    "service.instance.id": nodeId,
    "host.name": hostname,
    "process.pid": process.pid,
    // The conventions require these. The name `opentelemetry` is kept for its own SDKs.
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.name": "aistore",
    "telemetry.sdk.version": version,
    // Not a name of OpenTelemetry's: by it Jaeger 1 tells hosts apart, and it takes a redirect's target span, which begins
    // after its parent has ended, for a wrong clock where it does not know that both ran on one host.
    ...(address === undefined ? {} : { ip: address }),
    ...(pod === "" ? {} : { "k8s.pod.name": pod }),
    ...parsePairs(env.OTEL_RESOURCE_ATTRIBUTES),
    "service.name": `${servicePrefix(section)}-${role}`,
    version,
    daemonID: nodeId,
    ...(pod === "" ? {} : { pod }),
    ...section.attributes,
  };
}

/** `key=value,key=value` with percent-encoded values, as OpenTelemetry's environment holds lists. Bad items are left out. */
export function parsePairs(text: string | undefined): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const item of (text ?? "").split(",")) {
    const equals = item.indexOf("=");
    const key = item.slice(0, Math.max(equals, 0)).trim();
    const value = decoded(item.slice(equals + 1).trim());
    if (key !== "" && value !== null) pairs[key] = value;
  }
  return pairs;
}

function servicePrefix(section: TracingSection): string {
  const prefix = section.service_name_prefix.replace(/-$/, "");
  return prefix === "" ? DEFAULT_PREFIX : prefix;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
