/** Objects that come in pieces: uploads in parts (wire-compat 3.8) and appends (3.6). */
import { type ActMsg, actMsg } from "@ais/wire/act-msg.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import type { Bck } from "@ais/wire/bck.ts";
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { validateObjectName } from "@ais/wire/object-name.ts";
import { objectPath } from "@ais/wire/paths.ts";
import { APPEND_TYPES, QUERY } from "@ais/wire/queries.ts";
import { bucketQuery } from "./bucket-query.ts";
import type { ApiCall, Caller } from "./caller.ts";
import { type RequestBody, readText } from "./transport.ts";

export class UploadApi {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** The id of the upload. */
  create(bucket: Bck, objectName: string): Promise<string> {
    return this.#act("POST", bucket, objectName, actMsg(ACTIONS.createUpload), {});
  }

  /** `number` from 1. A part that is sent again takes the place of its first try. */
  async putPart(
    bucket: Bck,
    objectName: string,
    part: { readonly uploadId: string; readonly number: number },
    body: NonNullable<RequestBody>,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const query = { [QUERY.uploadId]: part.uploadId, [QUERY.partNumber]: String(part.number) };
    const request = { ...call("PUT", bucket, objectName, query), ...options, body };
    await readText(await this.#caller.sendToOwner(request));
  }

  /** Of all parts that were sent, in the order of their numbers. Throws `AisApiError` with 400 when others are named. */
  async complete(
    bucket: Bck,
    objectName: string,
    uploadId: string,
    numbers: readonly number[],
  ): Promise<void> {
    const parts = numbers.map((number) => ({ "part-number": number, etag: "" }));
    const message = actMsg(ACTIONS.completeUpload, parts);
    await this.#act("POST", bucket, objectName, message, { [QUERY.uploadId]: uploadId });
  }

  async abort(bucket: Bck, objectName: string, uploadId: string): Promise<void> {
    const query = { [QUERY.uploadId]: uploadId };
    await this.#act("DELETE", bucket, objectName, actMsg(ACTIONS.abortUpload), query);
  }

  /** The handle to go on with; empty begins. The object changes at the flush, as a whole. */
  async append(
    bucket: Bck,
    objectName: string,
    handle: string,
    body: NonNullable<RequestBody>,
  ): Promise<string> {
    const query = { [QUERY.appendType]: APPEND_TYPES.append, [QUERY.appendHandle]: handle };
    const response = await this.#caller.sendToOwner({ ...call("PUT", bucket, objectName, query), body });
    await readText(response);
    return response.header(HEADERS.appendHandle.toLowerCase()) ?? "";
  }

  async flush(bucket: Bck, objectName: string, handle: string): Promise<void> {
    const query = { [QUERY.appendType]: APPEND_TYPES.flush, [QUERY.appendHandle]: handle };
    await this.#caller.text(call("PUT", bucket, objectName, query));
  }

  #act(
    method: string,
    bucket: Bck,
    objectName: string,
    message: ActMsg,
    query: Readonly<Record<string, string>>,
  ): Promise<string> {
    const headers = { [HEADERS.contentType]: CONTENT_TYPES.json };
    return this.#caller.text({
      ...call(method, bucket, objectName, query),
      headers,
      body: encodeJson(message),
    });
  }
}

function call(
  method: string,
  bucket: Bck,
  objectName: string,
  query: Readonly<Record<string, string>>,
): ApiCall {
  validateObjectName(objectName);
  return { method, path: objectPath(bucket.name, objectName), query: { ...bucketQuery(bucket), ...query } };
}
