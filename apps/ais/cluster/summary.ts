import { asJsonObject, type JsonObject, numberAt, textAt, valueAt } from "@ais/client/json-view.ts";
import { isActive, nodeName, type Smap, SNODE_FLAGS, type Snode } from "@ais/wire/smap.ts";
import { formatSize, type Units } from "../output/units.ts";
import { type NodeState, ONLINE } from "./node-states.ts";
import { rebalanceText } from "./tables.ts";

/** What a node says of itself that was built without tracing. */
const PLAIN_BUILD = "plain";

export interface SummaryInput {
  readonly endpoint: string;
  readonly smap: Smap;
  readonly states: readonly NodeState[];
  readonly config: JsonObject;
  readonly backends: readonly string[];
  /** Of the primary: the cluster's configuration says nothing about what its nodes can do. */
  readonly tracingBuild: string;
  readonly units: Units;
}

/** Titles and values in AIStore's order. */
export function clusterSummary(input: SummaryInput): readonly (readonly [string, string])[] {
  const { smap, states, config } = input;
  const totals = capacityTotals(states, input.units);
  return [
    ["CLI Endpoint", input.endpoint],
    ["Proxies", proxiesText(Object.values(smap.pmap))],
    ["Targets", targetsText(Object.values(smap.tmap), totals.disks)],
    ["Capacity", totals.text],
    ["Cluster Map", `version ${smap.version}, UUID ${smap.uuid}, primary ${primaryText(smap)}`],
    ["Software", distinct(states, "ais_version")],
    ["Backend", input.backends.length === 0 ? "None" : input.backends.join(", ")],
    ["Deployment", distinct(states, "deployment")],
    ["Status", statusText(states)],
    ["Rebalance", rebalancesText(config, states)],
    ["Authentication", textAt(config, "auth.client_auth_required") === "true" ? "enabled" : "disabled"],
    ["Tracing", tracingText(config, input.tracingBuild)],
    ["Build", distinct(states, "build_time")],
  ];
}

function tracingText(config: JsonObject, build: string): string {
  if (textAt(config, "tracing.enabled") !== "true") return "disabled";
  if (build === PLAIN_BUILD) return "enabled in the configuration, but the nodes are built without it";
  return `enabled, exporting to ${textAt(config, "tracing.exporter_endpoint")}`;
}

/** The newest one, and the others that targets are at, which is when one target is behind. */
function rebalancesText(config: JsonObject, states: readonly NodeState[]): string {
  const texts = [...new Set(states.map(({ status }) => rebalanceText(status)))].filter((text) => text !== "");
  const disabled = textAt(config, "rebalance.enabled") === "false" ? "disabled" : "";
  return [disabled, ...texts.sort()].filter((text) => text !== "").join(", ") || "n/a";
}

function primaryText(smap: Smap): string {
  return smap.proxy_si === null ? "none" : nodeName(smap.proxy_si);
}

function proxiesText(proxies: readonly Snode[]): string {
  const inactive = proxies.filter((proxy) => !isActive(proxy)).length;
  if (inactive > 0) return `${proxies.length} (${inactive} inactive)`;
  const unelectable = proxies.filter((proxy) => (proxy.flags & SNODE_FLAGS.nonElectable) !== 0).length;
  if (unelectable > 0) return `${proxies.length} (${unelectable} unelectable)`;
  return proxies.length === 1 ? "1" : `${proxies.length} (all electable)`;
}

function targetsText(targets: readonly Snode[], disks: number): string {
  const inactive = targets.filter((target) => !isActive(target)).length;
  const disksText = disks === 0 ? "" : disks === 1 ? " (one disk)" : ` (total disks: ${disks})`;
  return `${targets.length}${inactive > 0 ? ` (${inactive} inactive)` : ""}${disksText}`;
}

interface CapacityTotals {
  readonly disks: number;
  readonly text: string;
}

/** A file system counts once per target, and once at all in a playground, where every target is on the same disk. */
function capacityTotals(states: readonly NodeState[], units: Units): CapacityTotals {
  const seen = new Set<string>();
  let used = 0;
  let available = 0;
  let disks = 0;
  for (const { snode, status } of states) {
    const isPlayground = textAt(status, "deployment") === "dev";
    for (const [path, usage] of Object.entries(asJsonObject(valueAt(status, "capacity.mountpaths")))) {
      const fileSystem = textAt(usage, "fs.FsID") || path;
      const key = isPlayground ? fileSystem : `${snode.daemon_id} ${fileSystem}`;
      if (seen.has(key)) continue;
      seen.add(key);
      used += numberAt(usage, "used");
      available += numberAt(usage, "avail");
      const names = valueAt(usage, "disks");
      disks += Array.isArray(names) ? names.length : 0;
    }
  }
  if (used + available === 0) return { disks, text: "-" };
  const percent = Math.ceil((used * 100) / (used + available));
  const text = `used ${formatSize(used, units)} (${percent}%), available ${formatSize(available, units)}`;
  return { disks, text };
}

function distinct(states: readonly NodeState[], path: string): string {
  const values = new Set(states.map(({ status }) => textAt(status, path)).filter((value) => value !== ""));
  if (values.size === 0) return "-";
  const text = [...values].join(", ");
  return values.size === 1 ? text : `[${text}]`;
}

function statusText(states: readonly NodeState[]): string {
  const counts = new Map<string, number>();
  for (const { state } of states) {
    const kind = state === ONLINE ? ONLINE : (state.split(":")[0] ?? state);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(", ");
}
