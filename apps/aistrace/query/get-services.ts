import type { QueryContext } from "./context.ts";
import { jaegerReply } from "./replies.ts";

/** `GET /api/services` */
export function getServices({ reader }: QueryContext): Response {
  const services = reader.services();
  return jaegerReply(services, services.length);
}
