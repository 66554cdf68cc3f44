import type { HttpRequest } from "@ais/node/http/types.ts";
import type { ObjectBody } from "@ais/storage/types.ts";
import { type ActMsg, parseActMsg } from "@ais/wire/act-msg.ts";

/** Bodies up to this size are read at once: a stream costs more than they do. */
const WHOLE_BODY_MAX_BYTES = 64 * 1024;
/** The longest is the list of parts that completes an upload. */
const ACT_MSG_MAX_BYTES = 1024 * 1024;

export async function objectBody(request: HttpRequest): Promise<ObjectBody> {
  const { contentLengthBytes } = request;
  return contentLengthBytes !== null && contentLengthBytes <= WHOLE_BODY_MAX_BYTES
    ? request.bytes(WHOLE_BODY_MAX_BYTES)
    : request.stream();
}

/** An absent body is a message without an action. */
export async function readActMsg(request: HttpRequest): Promise<ActMsg> {
  return parseActMsg(new TextDecoder().decode(await request.bytes(ACT_MSG_MAX_BYTES)));
}
