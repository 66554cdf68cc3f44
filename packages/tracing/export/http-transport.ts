import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { errorText } from "@ais/base/errors.ts";
import { bracketed, type Destination } from "./destination.ts";
import { errorMessage, replyBytes, retryAfterMs } from "./http-reply.ts";
import type { Security } from "./security.ts";
import type { TokenFile } from "./token-file.ts";
import { type ExportOutcome, refused, retryLater, type Transport, takenOutcome } from "./transport.ts";

/** OTLP 1.x, "Retryable Response Codes" of OTLP/HTTP. */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export interface HttpTransportOptions {
  readonly destination: Destination;
  readonly token: TokenFile | null;
  readonly security: Security;
}

/** OTLP/HTTP with protobuf bodies, for an endpoint with a path. */
export class HttpTransport implements Transport {
  readonly #options: HttpTransportOptions;
  readonly #stop = new AbortController();

  constructor(options: HttpTransportOptions) {
    this.#options = options;
  }

  async export(parts: readonly Uint8Array[]): Promise<ExportOutcome> {
    const { destination, token, security } = this.#options;
    try {
      const url = urlOf(destination, await security.tls());
      const headers = new Headers(destination.headers);
      headers.set("content-type", "application/x-protobuf");
      if (destination.gzip) headers.set("content-encoding", "gzip");
      if (token !== null) headers.set(destination.tokenHeader, await token.token());
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(destination.timeoutMs)]);
      const request = Buffer.concat(parts);
      const reply = await fetch(url, {
        method: "POST",
        headers,
        body: destination.gzip ? gzipSync(request) : request,
        redirect: "manual",
        signal,
        tls: await tlsOptions(destination),
      });
      return await outcomeOf(reply);
    } catch (error) {
      await security.changed();
      return retryLater(failureText(error, destination));
    }
  }

  close(): void {
    this.#stop.abort();
  }
}

async function outcomeOf(reply: Response): Promise<ExportOutcome> {
  const body = await replyBytes(reply);
  if (reply.ok) return takenOutcome(body);
  const told = errorMessage(reply.headers.get("content-type"), body);
  const text = `HTTP status ${reply.status}${told === "" ? "" : `: ${told}`}`;
  if (!RETRYABLE.has(reply.status)) return refused(text);
  return retryLater(text, retryAfterMs(reply.headers.get("retry-after"), Date.now()));
}

/** The runtime's own words for the most frequent failure are for browsers. */
function failureText(error: unknown, { host, port }: Destination): string {
  const isRefused = error instanceof Error && "code" in error && error.code === "ECONNREFUSED";
  return isRefused ? `failed to connect to ${bracketed(host)}:${port}: ECONNREFUSED` : errorText(error);
}

function urlOf({ host, port, httpPath }: Destination, tls: boolean): string {
  return `${tls ? "https" : "http"}://${bracketed(host)}:${port}${httpPath}`;
}

async function tlsOptions(destination: Destination): Promise<NonNullable<BunFetchRequestInit["tls"]>> {
  const { caFile, certFile, keyFile, verify } = destination;
  return {
    rejectUnauthorized: verify,
    ...(caFile === "" ? {} : { ca: await readFile(caFile) }),
    ...(certFile === "" ? {} : { cert: await readFile(certFile) }),
    ...(keyFile === "" ? {} : { key: await readFile(keyFile) }),
  };
}
