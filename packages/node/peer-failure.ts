import { AisError, ERROR_CODES, type ErrorCode } from "@ais/base/errors.ts";
import { parseErrorBody } from "@ais/wire/error-body.ts";

/**
 * What a peer refused a call with, as an error of this node: the entry of the catalogue that has the reply's status and,
 * where several do, its type name. A reply without an error body is that of a node that cannot serve yet: `unavailable`.
 */
export function peerFailure(status: number, text: string): AisError {
  const body = parseErrorBody(text);
  const codes = Object.keys(ERROR_CODES) as ErrorCode[];
  const same = codes.filter((code) => ERROR_CODES[code].status === status);
  const code = same.find((candidate) => ERROR_CODES[candidate].tcode === (body?.tcode ?? "")) ?? same[0];
  return code === undefined || body === null
    ? new AisError("unavailable", `status ${status}`)
    : new AisError(code, body.message);
}
