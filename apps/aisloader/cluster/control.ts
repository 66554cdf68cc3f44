import { AisClient } from "@ais/client/ais-client.ts";
import { AisApiError, isNotFound } from "@ais/client/api-error.ts";
import { bucketQuery } from "@ais/client/bucket-query.ts";
import { Caller } from "@ais/client/caller.ts";
import type { JsonObject } from "@ais/client/json-view.ts";
import { NodeTransport } from "@ais/client/node-transport.ts";
import { actMsg } from "@ais/wire/act-msg.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import type { Bck } from "@ais/wire/bck.ts";
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { PRESENCE, QUERY } from "@ais/wire/queries.ts";
import type { Smap } from "@ais/wire/smap.ts";

export const USER_AGENT = "aisloader";

/** What the loader asks of the cluster besides the load. */
export class ClusterControl {
  readonly #caller: Caller;
  readonly #client: AisClient;

  constructor(endpoint: string) {
    const transport = new NodeTransport();
    const headers = { [HEADERS.userAgent]: USER_AGENT };
    this.#client = new AisClient({ endpoint, transport, headers });
    this.#caller = new Caller({ endpoint, transport, headers, observer: null, startUpWait: null });
  }

  smap(): Promise<Smap> {
    return this.#client.cluster.smap();
  }

  /** Asks for the list of buckets with that very name (wire-compat 4.2), as AIStore's loader does. */
  async bucketExists(bucket: Bck): Promise<boolean> {
    const found = await this.#caller.json({
      method: "GET",
      path: PATHS.buckets,
      query: { ...bucketQuery(bucket), [QUERY.presence]: String(PRESENCE.present) },
      headers: { [HEADERS.contentType]: CONTENT_TYPES.json },
      body: encodeJson(actMsg(ACTIONS.list, null, bucket.name)),
    });
    return Array.isArray(found) && found.length > 0;
  }

  /** False when another loader was faster. */
  async createBucket(bucket: Bck, props: JsonObject | null): Promise<boolean> {
    try {
      await this.#client.buckets.create(bucket, props);
      return true;
    } catch (error) {
      if (error instanceof AisApiError && error.status === 409) return false;
      throw error;
    }
  }

  setBucketProps(bucket: Bck, props: JsonObject): Promise<void> {
    return this.#client.buckets.setProps(bucket, props);
  }

  /** A bucket that is gone already is fine. */
  async destroyBucket(bucket: Bck): Promise<void> {
    await this.#client.buckets.destroy(bucket).catch(unlessMissing);
  }

  async deleteObject(bucket: Bck, objectName: string): Promise<void> {
    await this.#client.objects.delete(bucket, objectName).catch(unlessMissing);
  }

  /** In order of name; at most `limit`. */
  async objectNames(bucket: Bck, prefix: string, limit: number): Promise<readonly string[]> {
    const names: string[] = [];
    for await (const entry of this.#client.objects.list(bucket, { prefix, nameOnly: true, limit })) {
      if (!entry.isDirectory) names.push(entry.name);
    }
    return names;
  }

  close(): void {
    this.#client.close();
  }
}

function unlessMissing(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
