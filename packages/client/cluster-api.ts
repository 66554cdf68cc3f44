import { type ActMsg, actMsg } from "@ais/wire/act-msg.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { QUERY, WHAT } from "@ais/wire/queries.ts";
import { parseSmap, type Smap } from "@ais/wire/smap.ts";
import { AisApiError } from "./api-error.ts";
import type { Caller } from "./caller.ts";
import { asJsonObject, type JsonObject } from "./json-view.ts";
import { readText } from "./transport.ts";

export interface Health {
  readonly nodeUptimeNs: bigint;
  readonly clusterUptimeNs: bigint;
}

/** Dotted name to text value, such as `{"tracing.enabled": "true"}`. */
export type Settings = Readonly<Record<string, string>>;

export type LogSeverity = "info" | "warning" | "error";

export interface SetConfigOptions {
  /** Forgotten at the next restart. */
  readonly transient?: boolean;
}

/** The cluster and its nodes (wire-compat 5). */
export class ClusterApi {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async smap(): Promise<Smap> {
    return parseSmap(
      await this.#caller.text({ method: "GET", path: PATHS.daemon, query: { [QUERY.what]: WHAT.smap } }),
    );
  }

  /** The cluster map as one node has it. */
  async smapOf(nodeId: string): Promise<Smap> {
    const query = { [QUERY.what]: WHAT.smap };
    const headers = { [HEADERS.nodeId]: nodeId };
    return parseSmap(await this.#caller.text({ method: "GET", path: PATHS.reverseDaemon, query, headers }));
  }

  /** Throws `AisApiError` with status 503 while the node has not started. */
  async health(): Promise<Health> {
    const response = await this.#caller.send({ method: "GET", path: PATHS.health });
    const uptime = (name: string) => BigInt(response.header(name.toLowerCase()) ?? "0");
    const health = {
      nodeUptimeNs: uptime(HEADERS.nodeUptime),
      clusterUptimeNs: uptime(HEADERS.clusterUptime),
    };
    await readText(response);
    return health;
  }

  /** True once there is a primary and the cluster may rebalance; what the Python SDK's `is_ready` asks. */
  async isReady(): Promise<boolean> {
    try {
      const query = { [QUERY.primaryReadyToRebalance]: "true" };
      await this.#caller.text({ method: "GET", path: PATHS.health, query });
      return true;
    } catch (error) {
      if (error instanceof AisApiError && error.status === 503) return false;
      throw error;
    }
  }

  clusterConfig(): Promise<JsonObject> {
    return this.#what(PATHS.cluster, WHAT.clusterConfig);
  }

  /** Names of the remote backends that the cluster is built with. */
  async backends(): Promise<readonly string[]> {
    const query = { [QUERY.what]: WHAT.backends };
    const names = await this.#caller.json({ method: "GET", path: PATHS.cluster, query });
    return Array.isArray(names) ? names.filter((name): name is string => typeof name === "string") : [];
  }

  bmd(): Promise<JsonObject> {
    return this.#what(PATHS.daemon, WHAT.bmd);
  }

  /** Any node-level query of wire-compat 5.3 that replies with an object, relayed by the proxy. */
  node(nodeId: string, what: string): Promise<JsonObject> {
    return this.#what(PATHS.reverseDaemon, what, { [HEADERS.nodeId]: nodeId });
  }

  nodeStatus(nodeId: string): Promise<JsonObject> {
    return this.node(nodeId, WHAT.nodeStatus);
  }

  /** Cluster-wide and local settings of one node. */
  nodeConfig(nodeId: string): Promise<JsonObject> {
    return this.node(nodeId, WHAT.config);
  }

  async setClusterConfig(settings: Settings, options: SetConfigOptions = {}): Promise<void> {
    await this.#caller.text({
      method: "PUT",
      path: PATHS.clusterSetConfig,
      query: { ...settings, ...transientQuery(options) },
    });
  }

  async setNodeConfig(nodeId: string, settings: Settings, options: SetConfigOptions = {}): Promise<void> {
    await this.#caller.text({
      method: "PUT",
      path: PATHS.reverseDaemonSetConfig,
      query: { ...settings, ...transientQuery(options) },
      headers: { [HEADERS.nodeId]: nodeId },
    });
  }

  /** One node, or with no id every node, gives up its own settings for the cluster's. */
  resetConfig(nodeId?: string): Promise<void> {
    return this.#act(actMsg(ACTIONS.resetConfig), nodeId);
  }

  /** Of one node, or of all: its counters begin anew, or those of errors only. */
  resetStats(onlyErrors: boolean, nodeId?: string): Promise<void> {
    return this.#act(actMsg(ACTIONS.resetStats, onlyErrors), nodeId);
  }

  /** Of one node, or of all: what is logged from now on goes to a new file. */
  rotateLogs(nodeId?: string): Promise<void> {
    return this.#act(actMsg(ACTIONS.rotateLogs), nodeId);
  }

  /** The end of a node's newest log: every line (`info`), warnings and errors, or errors. */
  nodeLog(nodeId: string, severity: LogSeverity, signal?: AbortSignal): Promise<string> {
    const query = { [QUERY.what]: WHAT.log, [QUERY.logSeverity]: severity };
    const headers = { [HEADERS.nodeId]: nodeId };
    return this.#caller.text({ method: "GET", path: PATHS.reverseDaemon, query, headers, signal });
  }

  /** Every log of a node, as a tar.gz. Read it to the end or cancel it. */
  async nodeLogArchive(nodeId: string): Promise<ReadableStream<Uint8Array>> {
    const query = { [QUERY.what]: WHAT.log, [QUERY.logAll]: "true" };
    const headers = { [HEADERS.nodeId]: nodeId };
    return (await this.#caller.send({ method: "GET", path: PATHS.reverseDaemon, query, headers })).body;
  }

  async #act(message: ActMsg, nodeId?: string): Promise<void> {
    await this.#caller.text({
      method: "PUT",
      path: nodeId === undefined ? PATHS.cluster : PATHS.reverseDaemon,
      headers: {
        [HEADERS.contentType]: CONTENT_TYPES.json,
        ...(nodeId === undefined ? {} : { [HEADERS.nodeId]: nodeId }),
      },
      body: encodeJson(message),
    });
  }

  async #what(
    path: string,
    what: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<JsonObject> {
    const query = { [QUERY.what]: what };
    return asJsonObject(await this.#caller.json({ method: "GET", path, query, headers }));
  }
}

function transientQuery(options: SetConfigOptions): Readonly<Record<string, string>> {
  return options.transient === true ? { [QUERY.transient]: "true" } : {};
}
