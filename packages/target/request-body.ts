import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { ObjectBody } from "@ais/storage/types.ts";
import { type ActMsg, parseActMsg } from "@ais/wire/act-msg.ts";

/** Waiting for the body. A streamed one is received while it is written, by the storage engine. */
const RECEIVE_SPAN = "ais.body.receive";
/** Bodies up to this size are read at once: a stream costs more than they do. */
const WHOLE_BODY_MAX_BYTES = 64 * 1024;
/** The longest is the list of parts that completes an upload. */
const ACT_MSG_MAX_BYTES = 1024 * 1024;

type BodyCall = Pick<Call, "request" | "span">;

export function objectBody(
  call: BodyCall,
  contentLengthBytes = call.request.contentLengthBytes,
): ObjectBody | Promise<Uint8Array> {
  return contentLengthBytes !== null && contentLengthBytes <= WHOLE_BODY_MAX_BYTES
    ? wholeBody(call, WHOLE_BODY_MAX_BYTES)
    : call.request.stream();
}

/** An absent body is a message without an action, unless one is required: then it is `badRequest`. */
export async function readActMsg(call: BodyCall, { required = false } = {}): Promise<ActMsg> {
  const body = await wholeBody(call, ACT_MSG_MAX_BYTES);
  if (required && body.byteLength === 0) throw new AisError("badRequest", "the action message is missing");
  return parseActMsg(new TextDecoder().decode(body));
}

export function wholeBody({ request, span }: BodyCall, limitBytes: number): Promise<Uint8Array> {
  const receiving = span.child(RECEIVE_SPAN);
  // Its stage is known without being recorded, until the next one takes its place: then a promise can be saved.
  if (!span.recording) return request.bytes(limitBytes);
  return request.bytes(limitBytes).finally(() => receiving.end());
}
