import { fetchFailureText } from "@ais/base/fetch-failure.ts";

/** Sends spans by OTLP/HTTP with the JSON encoding. Best effort: the text of what went wrong, null when it was taken. */
export async function exportOtlp(
  endpoint: string,
  payload: unknown,
  deadlineMs: number,
): Promise<string | null> {
  try {
    const response = await fetch(endpoint, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(payload),
      signal: AbortSignal.timeout(deadlineMs),
    });
    await response.text();
    return response.ok ? null : `HTTP status ${response.status}`;
  } catch (error) {
    return fetchFailureText(error);
  }
}
