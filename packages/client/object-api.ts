import { type ActMsg, actMsg } from "@ais/wire/act-msg.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { type Bck, objectUname } from "@ais/wire/bck.ts";
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { validateObjectName } from "@ais/wire/object-name.ts";
import { objectPath } from "@ais/wire/paths.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { AisApiError } from "./api-error.ts";
import { bucketQuery } from "./bucket-query.ts";
import type { Caller } from "./caller.ts";
import { type ListedEntry, type ListObjectsOptions, type ListPage, listObjectsPage } from "./list-objects.ts";
import { type ObjectAttributes, objectAttributes } from "./object-attributes.ts";
import { type RequestBody, readText } from "./transport.ts";

export interface PutOptions {
  /** Checked by the target before the object becomes visible. */
  readonly checksum?: { readonly type: string; readonly value: string };
  readonly signal?: AbortSignal;
}

export interface GetOptions {
  /** Without `lengthBytes` up to the end. */
  readonly range?: { readonly offsetBytes: number; readonly lengthBytes?: number };
  readonly signal?: AbortSignal;
}

export interface ObjectContent {
  readonly attributes: ObjectAttributes;
  /** What `body` will deliver, null when unknown. */
  readonly lengthBytes: number | null;
  /** Read it to the end or cancel it. */
  readonly body: ReadableStream<Uint8Array>;
}

/** Objects (wire-compat 3). Data goes to and comes from the target that owns the object, wherever the call began. */
export class ObjectApi {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** A stream must deliver `lengthBytes` bytes; with null it is sent chunked. It is read once, and not before its owner is known. */
  async put(
    bucket: Bck,
    objectName: string,
    body: NonNullable<RequestBody>,
    options: PutOptions = {},
  ): Promise<ObjectAttributes> {
    const { checksum } = options;
    const response = await this.#caller.sendToOwner({
      ...this.#call("PUT", bucket, objectName, options.signal),
      headers: {
        [HEADERS.contentType]: CONTENT_TYPES.binary,
        ...(checksum === undefined
          ? {}
          : { [HEADERS.checksumType]: checksum.type, [HEADERS.checksumValue]: checksum.value }),
      },
      body,
    });
    await readText(response);
    return { ...objectAttributes(response), sizeBytes: null };
  }

  async get(bucket: Bck, objectName: string, options: GetOptions = {}): Promise<ObjectContent> {
    const { range } = options;
    const response = await this.#caller.send({
      ...this.#call("GET", bucket, objectName, options.signal),
      headers: {
        "accept-encoding": "identity",
        ...(range === undefined ? {} : { [HEADERS.range]: rangeText(range) }),
      },
    });
    const length = response.header(HEADERS.contentLength.toLowerCase());
    return {
      attributes: objectAttributes(response),
      lengthBytes: length === null ? null : Number(length),
      body: response.body,
    };
  }

  async head(bucket: Bck, objectName: string): Promise<ObjectAttributes> {
    return this.#head(bucket, objectName, {});
  }

  /** HEAD that names what it wants: `["name", "size", "checksum", …]`, the names of wire-compat 3.5. */
  async headProps(bucket: Bck, objectName: string, props: readonly string[]): Promise<ObjectAttributes> {
    return this.#head(bucket, objectName, { [QUERY.props]: props.join(",") });
  }

  /** Fails with status 404 when there is no such object. */
  async delete(bucket: Bck, objectName: string): Promise<void> {
    await this.#caller.text(this.#call("DELETE", bucket, objectName));
  }

  /** Empty `objectName` of the destination: the same name. */
  async copy(bucket: Bck, objectName: string, to: { bucket: Bck; objectName: string }): Promise<void> {
    const uname = objectUname(to.bucket, to.objectName === "" ? objectName : to.objectName);
    const call = this.#call("PUT", bucket, objectName);
    await this.#caller.text({ ...call, query: { ...call.query, [QUERY.objectTo]: uname } });
  }

  async rename(bucket: Bck, objectName: string, newName: string): Promise<void> {
    validateObjectName(newName);
    await this.#caller.text(this.#action(bucket, objectName, actMsg(ACTIONS.renameObject, null, newName)));
  }

  /** Adds to the object's custom metadata, or with `replaces` takes the place of it. */
  async setCustom(
    bucket: Bck,
    objectName: string,
    custom: Readonly<Record<string, string>>,
    replaces: boolean,
  ): Promise<void> {
    const call = this.#call("PATCH", bucket, objectName);
    const query = { ...call.query, ...(replaces ? { [QUERY.setNewCustom]: "true" } : {}) };
    const headers = { [HEADERS.contentType]: CONTENT_TYPES.json };
    await this.#caller.text({
      ...call,
      query,
      headers,
      body: encodeJson({ action: "", name: "", value: custom }),
    });
  }

  /** 200 unlocked, 202 locked for reading, 423 for writing (wire-compat 2.2). */
  async lockStatus(bucket: Bck, objectName: string): Promise<number> {
    try {
      const response = await this.#caller.send(this.#action(bucket, objectName, actMsg(ACTIONS.checkLock)));
      await readText(response);
      return response.status;
    } catch (error) {
      if (error instanceof AisApiError && error.status === 423) return error.status;
      throw error;
    }
  }

  /** One page; give its `continuationToken` and `uuid` back for the next. */
  listPage(bucket: Bck, options: ListObjectsOptions = {}): Promise<ListPage> {
    return listObjectsPage(this.#caller, bucket, options);
  }

  /** Every object in order of name, a page at a time; stops asking when the consumer stops. */
  async *list(bucket: Bck, options: ListObjectsOptions = {}): AsyncGenerator<ListedEntry> {
    let remaining = options.limit ?? Number.POSITIVE_INFINITY;
    let position = { continuationToken: options.continuationToken ?? "", uuid: options.uuid ?? "" };
    do {
      const page = await this.listPage(bucket, { ...options, ...position });
      for (const entry of page.entries) {
        if (remaining-- <= 0) return;
        yield entry;
      }
      position = page;
    } while (position.continuationToken !== "" && remaining > 0);
  }

  async #head(
    bucket: Bck,
    objectName: string,
    query: Readonly<Record<string, string>>,
  ): Promise<ObjectAttributes> {
    const call = this.#call("HEAD", bucket, objectName);
    const response = await this.#caller.send({ ...call, query: { ...call.query, ...query } });
    await readText(response);
    return objectAttributes(response);
  }

  #action(bucket: Bck, objectName: string, message: ActMsg) {
    const headers = { [HEADERS.contentType]: CONTENT_TYPES.json };
    return { ...this.#call("POST", bucket, objectName), headers, body: encodeJson(message) };
  }

  #call(method: string, bucket: Bck, objectName: string, signal?: AbortSignal) {
    validateObjectName(objectName);
    return {
      method,
      path: objectPath(bucket.name, objectName),
      query: bucketQuery(bucket),
      signal,
    };
  }
}

function rangeText(range: NonNullable<GetOptions["range"]>): string {
  const last = range.lengthBytes === undefined ? "" : range.offsetBytes + range.lengthBytes - 1;
  return `bytes=${range.offsetBytes}-${last}`;
}
