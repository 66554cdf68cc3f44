import { AisError, errorText, isAisError } from "@ais/base/errors.ts";
import type { Logger } from "@ais/base/log.ts";
import { addressInUse, type Listen, stopServer } from "../listen.ts";
import type { OtlpEncoding } from "../store/messages.ts";
import { readBody } from "./body.ts";
import type { Ingest } from "./ingest.ts";
import { MAX_MESSAGE_BYTES, RETRY_AFTER_S } from "./limits.ts";
import { Receiving } from "./receiving.ts";
import { exportResponse, exportResponseJson, RPC, rpcStatus } from "./replies.ts";

const PATH = "/v1/traces";
const IDLE_TIMEOUT_S = 120;
const PREFLIGHT_MAX_AGE_S = 7200;

const CONTENT_TYPES: Readonly<Record<OtlpEncoding, string>> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
};

/** Spans may come from any page: this port only takes, it never gives. */
const CORS = { "access-control-allow-origin": "*" } as const;

export interface HttpReceiver {
  readonly port: number;
  stop(): Promise<void>;
}

/** OTLP/HTTP. Throws `conflict` when the port is taken. */
export function startHttpReceiver(
  listen: Listen,
  ingest: Ingest,
  logger: Logger,
  maxReceivingBytes: number,
): HttpReceiver {
  try {
    const receiving = new Receiving(maxReceivingBytes, () => ingest.refusedForOverload());
    const server = Bun.serve({
      hostname: listen.hostname,
      port: listen.port,
      ...(listen.tls !== null && { tls: { cert: listen.tls.cert, key: listen.tls.key } }),
      development: false,
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      idleTimeout: IDLE_TIMEOUT_S,
      fetch: (request) => handle(request, ingest, receiving, logger),
      error: () => new Response(null, { status: 500 }),
    });
    return { port: server.port ?? listen.port, stop: () => stopServer(server) };
  } catch (error) {
    throw addressInUse(listen, "otlp-http-port", error);
  }
}

async function handle(
  request: Request,
  ingest: Ingest,
  receiving: Receiving,
  logger: Logger,
): Promise<Response> {
  if (URL.parse(request.url)?.pathname !== PATH) return plain(404, "not found\n");
  if (request.method === "OPTIONS") return preflight(request);
  if (request.method !== "POST") return plain(405, "use POST\n", { allow: "POST, OPTIONS" });

  const encoding = encodingOf(request.headers.get("content-type"));
  if (encoding === null) {
    return plain(415, `content-type must be ${CONTENT_TYPES.protobuf} or ${CONTENT_TYPES.json}\n`);
  }
  const packing = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (packing !== "identity" && packing !== "gzip")
    return plain(415, "content-encoding must be gzip or identity\n");

  try {
    ingest.checkRoom(Number(request.headers.get("content-length") ?? 0));
    const bytes = await readBody(request, packing === "gzip", MAX_MESSAGE_BYTES, receiving);
    const result = await ingest.submit(encoding, bytes);
    return reply(200, encoding, encoding === "json" ? exportResponseJson(result) : exportResponse(result));
  } catch (error) {
    return failure(error, encoding, logger);
  }
}

function encodingOf(contentType: string | null): OtlpEncoding | null {
  const mediaType = contentType?.split(";")[0]?.trim().toLowerCase();
  if (mediaType === CONTENT_TYPES.protobuf) return "protobuf";
  return mediaType === CONTENT_TYPES.json ? "json" : null;
}

function failure(error: unknown, encoding: OtlpEncoding, logger: Logger): Response {
  const known = isAisError(error) ? error : new AisError("internal", "cannot store the spans");
  if (known !== error) logger.log("error", `an export failed: ${errorText(error)}`);
  const canRetry = known.code === "tooManyRequests" || known.code === "unavailable";
  const code = rpcCode(known);
  const body =
    encoding === "json" ? JSON.stringify({ code, message: known.message }) : rpcStatus(code, known.message);
  return reply(known.status, encoding, body, canRetry ? { "retry-after": String(RETRY_AFTER_S) } : {});
}

function rpcCode(error: AisError): number {
  switch (error.code) {
    case "badRequest":
    case "tooLarge":
      return RPC.invalidArgument;
    case "tooManyRequests":
      return RPC.resourceExhausted;
    case "unavailable":
      return RPC.unavailable;
    default:
      return RPC.internal;
  }
}

function reply(
  status: number,
  encoding: OtlpEncoding,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(body, {
    status,
    headers: { "content-type": CONTENT_TYPES[encoding], ...CORS, ...headers },
  });
}

function plain(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(text, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", ...CORS, ...headers },
  });
}

function preflight(request: Request): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...CORS,
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": request.headers.get("access-control-request-headers") ?? "content-type",
      "access-control-max-age": String(PREFLIGHT_MAX_AGE_S),
    },
  });
}
