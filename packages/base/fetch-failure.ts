/** Why a connection or a `fetch` failed, in words for whoever reads the log: the runtime's own address whoever wrote the call. */

const TEXTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection was closed before the reply was whole",
  ENOTFOUND: "unknown host name",
  EAI_AGAIN: "the host name cannot be looked up for the moment",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ETIMEDOUT: "the connection timed out",
  EPROTO: "the TLS handshake failed",
};

/** One phrase without a full stop. What is not a failure of the network keeps its own message. */
export function fetchFailureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "no reply in time";
  if (error.name === "AbortError") return "the call was given up";
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return (Object.hasOwn(TEXTS, code) ? TEXTS[code] : undefined) ?? error.message;
}
