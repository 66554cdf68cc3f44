import { aistracePlan, OTLP_HTTP_PORT, QUERY_PORT } from "./plans.ts";
import { isListening, start, waitReady } from "./processes.ts";
import type { StateFile } from "./state.ts";

const LOCAL_HOSTS = new Set(["localhost", "127.0.0.1", "::1"]);

/** Sees to it that something receives at the endpoint when it is on this machine. Says in one line what it found or did. */
export async function ensureCollector(endpoint: string, stateFile: StateFile): Promise<string> {
  const at = parseEndpoint(endpoint);
  if (!LOCAL_HOSTS.has(at.hostname)) return `tracing: spans go to ${endpoint}`;
  if (await isListening(at.port)) return `tracing: spans go to the collector that listens on ${endpoint}`;
  for (const port of [OTLP_HTTP_PORT, QUERY_PORT]) {
    if (await isListening(port)) {
      throw new Error(
        `nothing listens on ${endpoint}, and aistrace cannot start there because port ${port} is taken by another program`,
      );
    }
  }
  const plan = aistracePlan(at.port, stateFile.directory);
  await waitReady(plan, await start(plan, stateFile), stateFile.directory);
  return `tracing: nothing listened on ${endpoint}, started aistrace there; view traces at ${plan.url}`;
}

function parseEndpoint(endpoint: string): { readonly hostname: string; readonly port: number } {
  const url = URL.parse(/^https?:\/\//.test(endpoint) ? endpoint : `grpc://${endpoint}`);
  if (url === null || url.port === "") {
    throw new Error(
      `AIS_TRACING_ENDPOINT is "${endpoint}", want host:port, http://host:port or https://host:port`,
    );
  }
  return { hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(url.port) };
}
