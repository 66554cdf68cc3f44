import { actMsg } from "@ais/wire/act-msg.ts";
import { ACTIONS, type Action } from "@ais/wire/actions.ts";
import { type Bck, parseNamespace, parseProvider } from "@ais/wire/bck.ts";
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import { decodeJson, encodeJson } from "@ais/wire/json.ts";
import { bucketPath, PATHS } from "@ais/wire/paths.ts";
import { PRESENCE, QUERY } from "@ais/wire/queries.ts";
import { isNotFound } from "./api-error.ts";
import { bucketQuery } from "./bucket-query.ts";
import type { Caller } from "./caller.ts";
import { asJsonObject, type JsonObject, textAt } from "./json-view.ts";
import { readText } from "./transport.ts";

export interface ListBucketsOptions {
  /** Canonical name or scheme; all providers when left out. */
  readonly provider?: string;
  /** `@uuid#name`. */
  readonly namespace?: string;
  /** Remote buckets that the cluster has not met yet too. */
  readonly all?: boolean;
}

/** Buckets and their properties (wire-compat 4). */
export class BucketApi {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** `props` is a partial set of bucket properties. Fails with status 409 when the bucket exists. */
  async create(bucket: Bck, props: JsonObject | null = null): Promise<void> {
    await this.#act("POST", bucket, ACTIONS.createBucket, props);
  }

  async destroy(bucket: Bck): Promise<void> {
    await this.#act("DELETE", bucket, ACTIONS.destroyBucket);
  }

  /** Sorted by the cluster. */
  async list(options: ListBucketsOptions = {}): Promise<readonly Bck[]> {
    const presence = options.all === true ? PRESENCE.exists : PRESENCE.present;
    const provider = options.provider === undefined ? undefined : parseProvider(options.provider);
    const query = {
      [QUERY.provider]: provider,
      [QUERY.namespace]: options.namespace,
      [QUERY.presence]: String(presence),
    };
    // The body that Go sends with this GET says "all"; leaving it out means the same and works in browsers.
    const reply = await this.#caller.json({ method: "GET", path: PATHS.buckets, query });
    return Array.isArray(reply) ? reply.map(bucketFromJson) : [];
  }

  /** The properties, as complete as the cluster knows them. */
  async props(bucket: Bck): Promise<JsonObject> {
    const query = { ...bucketQuery(bucket), [QUERY.dontAddRemote]: "true" };
    const response = await this.#caller.send({ method: "HEAD", path: bucketPath(bucket.name), query });
    const text = response.header(HEADERS.bucketProps.toLowerCase()) ?? "{}";
    await readText(response);
    return asJsonObject(decodeJson(text));
  }

  async exists(bucket: Bck): Promise<boolean> {
    try {
      await this.props(bucket);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  async setProps(bucket: Bck, props: JsonObject): Promise<void> {
    await this.#act("PATCH", bucket, ACTIONS.setBucketProps, props);
  }

  async resetProps(bucket: Bck): Promise<void> {
    await this.#act("PATCH", bucket, ACTIONS.resetBucketProps);
  }

  async #act(method: string, bucket: Bck, action: Action, value: unknown = null): Promise<void> {
    await this.#caller.text({
      method,
      path: bucketPath(bucket.name),
      query: bucketQuery(bucket),
      headers: { [HEADERS.contentType]: CONTENT_TYPES.json },
      body: encodeJson(actMsg(action, value)),
    });
  }
}

function bucketFromJson(json: unknown): Bck {
  return {
    name: textAt(json, "name"),
    provider: parseProvider(textAt(json, "provider")),
    namespace: parseNamespace(namespaceText(json)),
  };
}

function namespaceText(json: unknown): string {
  const uuid = textAt(json, "namespace.uuid");
  const name = textAt(json, "namespace.name");
  return uuid === "" && name === "" ? "" : `@${uuid}#${name}`;
}
