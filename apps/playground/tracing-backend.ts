import { parseExporterEndpoint } from "@ais/wire/tracing-config.ts";
import { aistracePlan, OTLP_GRPC_PORT, OTLP_HTTP_PORT, QUERY_PORT } from "./plans.ts";
import { isListening, isTaken, start, waitReady } from "./processes.ts";
import type { StateFile } from "./state.ts";

const LOCAL_HOSTS = new Set(["localhost", "127.0.0.1", "::1"]);

/** Sees to it that something receives at the endpoint when it is on this machine. Says in one line what it found or did. */
export async function ensureCollector(endpoint: string, stateFile: StateFile): Promise<string> {
  const at = parseExporterEndpoint(endpoint);
  if (!LOCAL_HOSTS.has(at.host)) return `tracing: spans go to ${endpoint}`;
  if (await isListening(at.port, at.host))
    return `tracing: spans go to the collector that listens on ${endpoint}`;
  const isHttp = at.httpPath !== "";
  const otherPort = isHttp ? OTLP_GRPC_PORT : OTLP_HTTP_PORT;
  for (const port of [otherPort, QUERY_PORT]) {
    if (await isTaken(port)) {
      throw new Error(
        `nothing listens on ${endpoint}, and aistrace cannot start there because port ${port} is taken by another program`,
      );
    }
  }
  const ports = isHttp ? { grpc: otherPort, http: at.port } : { grpc: at.port, http: otherPort };
  const plan = aistracePlan(ports, stateFile.directory);
  await waitReady(plan, await start(plan, stateFile), stateFile.directory);
  return `tracing: nothing listened on ${endpoint}, started aistrace there; view traces at ${plan.url}`;
}

/** Throws when it is no endpoint, before anything was built or started for it. */
export function checkEndpoint(endpoint: string): void {
  try {
    parseExporterEndpoint(endpoint);
  } catch (cause) {
    const want = "host:port, http://host:port or https://host:port";
    throw new Error(`AIS_TRACING_ENDPOINT is "${endpoint}", want ${want}`, { cause });
  }
}
