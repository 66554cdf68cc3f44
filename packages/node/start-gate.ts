/**
 * A node listens before it can serve, because its Smap record names the port. Until the gate opens every request is
 * answered 503 with an empty body, which clients take as "not started yet" (wire-compat 0.2).
 */
import type { HttpHandler } from "./http/types.ts";
import { emptyReply } from "./replies.ts";

export interface StartGate {
  readonly handler: HttpHandler;
  open(handler: HttpHandler): void;
}

export function createStartGate(): StartGate {
  let current: HttpHandler = () => emptyReply(503, [["Retry-After", "1"]]);
  return {
    handler: (request) => current(request),
    open(handler) {
      current = handler;
    },
  };
}
