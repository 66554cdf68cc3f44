import type { OwnGraph, OwnSpan, OwnStats, OwnStored, OwnTrace, OwnTraces } from "../query/own-types.ts";

/** The status of a failure where no reply came. */
export const NO_ANSWER = 0;

/** A failure with the text that the server gave for it. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export async function fetchServices(signal?: AbortSignal): Promise<readonly string[]> {
  return (await get<{ data: readonly string[] }>("/api/services", signal)).data;
}

export async function fetchOperations(service: string, signal?: AbortSignal): Promise<readonly string[]> {
  const path = `/api/services/${encodeURIComponent(service)}/operations`;
  return (await get<{ data: readonly string[] }>(path, signal)).data;
}

export function fetchTraces(query: URLSearchParams, signal?: AbortSignal): Promise<OwnTraces> {
  return get(`/api/aistrace/traces?${query}`, signal);
}

export function fetchTrace(traceId: string, signal?: AbortSignal): Promise<OwnTrace> {
  return get(`/api/aistrace/traces/${encodeURIComponent(traceId)}`, signal);
}

export function fetchSpan(traceId: string, spanId: string, signal?: AbortSignal): Promise<OwnSpan> {
  return get(
    `/api/aistrace/traces/${encodeURIComponent(traceId)}/spans/${encodeURIComponent(spanId)}`,
    signal,
  );
}

export async function findInTrace(
  traceId: string,
  text: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const path = `/api/aistrace/traces/${encodeURIComponent(traceId)}/find?${new URLSearchParams({ text })}`;
  return (await get<{ spanIDs: readonly string[] }>(path, signal)).spanIDs;
}

export function fetchGraph(query: URLSearchParams, signal?: AbortSignal): Promise<OwnGraph> {
  return get(`/api/aistrace/graph?${query}`, signal);
}

export async function storeTraceFile(file: Blob): Promise<OwnStored> {
  const headers = { "content-type": "application/json" };
  const response = await ask("/api/aistrace/traces", { method: "POST", headers, body: file });
  if (response.ok) return response.json();
  throw new ApiError(response.status, await errorMessage(response));
}

export function fetchStats(signal?: AbortSignal): Promise<OwnStats> {
  return get("/api/aistrace/stats", signal);
}

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await ask(path, signal === undefined ? {} : { signal });
  if (response.ok) return response.json();
  throw new ApiError(response.status, await errorMessage(response));
}

/** A failure of the network is one of the server for who reads it. */
async function ask(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new ApiError(NO_ANSWER, `aistrace at ${location.host} does not answer`);
  }
}

async function errorMessage(response: Response): Promise<string> {
  try {
    const body: { errors?: readonly { msg: string }[] } = await response.json();
    return body.errors?.[0]?.msg ?? response.statusText;
  } catch {
    return response.statusText;
  }
}
