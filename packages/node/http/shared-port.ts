import { Server } from "node:http";
import type { HttpServerOptions } from "./types.ts";

/** `listen` with the runtime's own last argument. */
type RealListen = (
  tls: undefined,
  port: number,
  hostname: string,
  path: undefined,
  reusePort: boolean,
) => void;

/**
 * `listen` of `node:http` takes no `reusePort` in this runtime (1.4.5: it is accepted and ignored), and shares a port only
 * in the children of `node:cluster`. What both come down to is called here. Throws when a later runtime has it no more.
 */
export function listenOnSharedPort(server: Server, port: number, hostname: string): void {
  const name = Object.getOwnPropertySymbols(Server.prototype).find(
    ({ description }) => description === "kRealListen",
  );
  if (name === undefined) throw new Error("this runtime cannot share a port between HTTP servers");
  const listen = (server as unknown as Record<symbol, RealListen>)[name];
  listen?.call(server, undefined, port, hostname, undefined, true);
}

/** Resolves when the server listens, on a port of its own or a shared one. */
export function listening(server: Server, { port, hostname, sharesPort }: HttpServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", resolve);
    if (sharesPort === true) listenOnSharedPort(server, port, hostname);
    else server.listen(port, hostname);
  });
}
