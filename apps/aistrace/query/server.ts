import { AisError, errorText, isAisError } from "@ais/base/errors.ts";
import { addressInUse, type Listen, stopServer } from "../listen.ts";
import type { WebAssets } from "../web-assets.ts";
import type { QueryContext } from "./context.ts";
import { jaegerFailure } from "./replies.ts";
import { matchRoute } from "./routes.ts";
import { storeTraceFile, TRACE_FILES_PATH } from "./store-trace-file.ts";

const IDLE_TIMEOUT_S = 60;

/** Nothing but our own files may run or be drawn; the page builds its document without markup from data. */
const PAGE_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

export interface QueryServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** The query port: Jaeger's API, aistrace's own, metrics, health, and the page. Throws `conflict` when it is taken. */
export function startQueryServer(listen: Listen, context: QueryContext, assets: WebAssets): QueryServer {
  try {
    const server = Bun.serve({
      hostname: listen.hostname,
      port: listen.port,
      ...(listen.tls !== null && { tls: { cert: listen.tls.cert, key: listen.tls.key } }),
      development: false,
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      idleTimeout: IDLE_TIMEOUT_S,
      fetch: (request) => handle(request, context, assets),
      error: () => new Response(null, { status: 500 }),
    });
    return { port: server.port ?? listen.port, stop: () => stopServer(server) };
  } catch (error) {
    throw addressInUse(listen, "query-port", error);
  }
}

async function handle(request: Request, context: QueryContext, assets: WebAssets): Promise<Response> {
  const url = URL.parse(request.url);
  // The runtime makes the URL of the header `Host`, in which a client may write anything.
  if (url === null) return jaegerFailure(new AisError("badRequest", "the request names no valid host"));
  try {
    const takesFiles = url.pathname === TRACE_FILES_PATH;
    if (takesFiles && request.method === "POST") return await storeTraceFile(context, request);
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new AisError("methodNotAllowed", `method ${request.method} is not allowed here`, {
        headers: { allow: takesFiles ? "GET, HEAD, POST" : "GET, HEAD" },
      });
    }
    if (url.pathname === "/healthz") return new Response("ok\n");
    const match = matchRoute(url.pathname);
    if (match !== null) return match.operation(context, { query: url.searchParams, path: match.path });
    const asset = assets.find(url.pathname);
    if (asset === null) throw new AisError("notFound", `nothing is at "${url.pathname}"`);
    return new Response(asset.body, {
      headers: { ...PAGE_HEADERS, "content-type": asset.contentType, "cache-control": asset.cacheControl },
    });
  } catch (error) {
    if (isAisError(error)) return jaegerFailure(error);
    context.logger.log("error", `${request.method} ${url.pathname} failed: ${errorText(error)}`);
    return jaegerFailure(new AisError("internal", "internal error"));
  }
}
