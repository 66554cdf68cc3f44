/** What a node does before anything else: find the cluster's documents, make them on an empty coordinator, or refuse. */
import { randomInt } from "node:crypto";
import type { Clock } from "@ais/base/clock.ts";
import { AisError, errorText } from "@ais/base/errors.ts";
import { emptyBmd } from "@ais/wire/bmd.ts";
import type { ClusterConfig } from "@ais/wire/cluster-config.ts";
import { decodeJson, encodeJson } from "@ais/wire/json.ts";
import { emptyRmd } from "@ais/wire/rmd.ts";
import { DOCUMENT_NAMES, KEYS } from "./cluster-keys.ts";
import type { Coordinator } from "./coordinator/coordinator.ts";
import { configTime, encodeDocument } from "./documents.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

/** Version of the rules by which keys and documents are read; a cluster of a newer one is left alone. */
export const LAYOUT_VERSION = 1;

const FIRST_VERSION = "1";

/**
 * Loads the documents into the snapshot. False when the coordinator is empty. Errors: `unsupported` for a newer layout,
 * `internal` for malformed documents, `conflict` when the cluster is not the one expected.
 */
export async function loadCluster(
  coordinator: Coordinator,
  snapshots: SnapshotStore,
  expectedClusterUuid: string | undefined,
): Promise<boolean> {
  await checkLayout(coordinator);
  const config = await coordinator.get("config");
  if (config === null) {
    if (expectedClusterUuid === undefined) return false;
    const message = `this node holds data of cluster "${expectedClusterUuid}", but the coordinator is empty`;
    throw new AisError("conflict", `${message}: check the coordinator's URL`);
  }
  if ((await coordinator.get("bmd")) === null) {
    throw new AisError("internal", "the coordinator holds a cluster config but no bucket metadata");
  }
  for (const name of DOCUMENT_NAMES) {
    const entry = await coordinator.get(name);
    if (entry !== null) snapshots.apply(name, entry);
  }
  const { uuid } = snapshots.current.config;
  if (expectedClusterUuid !== undefined && uuid !== expectedClusterUuid) {
    const message = `this node holds data of cluster "${expectedClusterUuid}", but the coordinator is of cluster "${uuid}"`;
    throw new AisError("conflict", message);
  }
  return true;
}

/**
 * Writes the first documents. Any number of proxies may do so at a time: each document is written once, and the config,
 * which carries the cluster's UUID, comes last, so that a cluster half made counts as none.
 */
export async function createCluster(
  coordinator: Coordinator,
  clusterUuid: string,
  initialConfig: ClusterConfig,
  clock: Clock,
): Promise<void> {
  await coordinator.put(KEYS.layout, encodeJson({ version: LAYOUT_VERSION }), "absent");
  const bmd = { ...emptyBmd(), uuid: generateUuid(), version: FIRST_VERSION };
  await coordinator.put("bmd", encodeDocument("bmd", bmd), "absent");
  const rmd = { ...emptyRmd(), cluster_id: clusterUuid, version: FIRST_VERSION };
  await coordinator.put("rmd", encodeDocument("rmd", rmd), "absent");
  const config: ClusterConfig = {
    ...initialConfig,
    uuid: clusterUuid,
    config_version: FIRST_VERSION,
    lastupdate_time: configTime(clock.nowMs()),
  };
  await coordinator.put("config", encodeDocument("config", config), "absent");
}

const UUID_LENGTH = 12;
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const ALPHANUMERICS = `${LETTERS}0123456789`;

/** Letters and digits, the first a letter, as AIStore's own. */
export function generateUuid(): string {
  let uuid = LETTERS.charAt(randomInt(LETTERS.length));
  while (uuid.length < UUID_LENGTH) uuid += ALPHANUMERICS.charAt(randomInt(ALPHANUMERICS.length));
  return uuid;
}

async function checkLayout(coordinator: Coordinator): Promise<void> {
  const entry = await coordinator.get(KEYS.layout);
  if (entry === null) return;
  const version = layoutVersion(entry.value);
  if (version > LAYOUT_VERSION) {
    const message = `the cluster has layout version ${version}, this program reads up to ${LAYOUT_VERSION}`;
    throw new AisError("unsupported", message);
  }
}

function layoutVersion(text: string): number {
  try {
    const layout = decodeJson(text);
    const version =
      typeof layout === "object" && layout !== null && "version" in layout ? layout.version : null;
    if (typeof version === "number") return version;
    throw new TypeError(`"version" is not a number`);
  } catch (cause) {
    throw new AisError("internal", `cluster document "${KEYS.layout}" is malformed: ${errorText(cause)}`, {
      cause,
    });
  }
}
