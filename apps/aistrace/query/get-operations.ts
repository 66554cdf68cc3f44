import { AisError } from "@ais/base/errors.ts";
import { kindName } from "../store/tags.ts";
import type { QueryContext, QueryRequest } from "./context.ts";
import { jaegerReply } from "./replies.ts";

/** `GET /api/operations?service=&spanKind=` */
export function getOperations({ reader }: QueryContext, { query }: QueryRequest): Response {
  const service = query.get("service") ?? "";
  if (service === "") throw new AisError("badRequest", "parameter 'service' is required");
  const kind = query.get("spanKind") ?? "";
  const operations = reader
    .operations(service)
    .map((operation) => ({ name: operation.name, spanKind: kindName(operation.kind) }))
    .filter(({ spanKind }) => kind === "" || spanKind === kind);
  return jaegerReply(operations, operations.length);
}

/** `GET /api/services/{service}/operations` */
export function getOperationNames(
  { reader }: QueryContext,
  { path: [service = ""] }: QueryRequest,
): Response {
  const names = [...new Set(reader.operations(service).map(({ name }) => name))];
  return jaegerReply(names, names.length);
}
