/** The cluster map (wire-compat 5.1). Names of fields are those of the wire. */
import { AisError } from "@ais/base/errors.ts";
import * as v from "valibot";
import { freeRecord } from "./free-record.ts";
import { decodeJson } from "./json.ts";

export interface NetInfo {
  readonly node_ip_addr: string;
  /** A string on the wire. */
  readonly daemon_port: string;
  readonly direct_url: string;
}

export type DaemonType = "proxy" | "target";

export interface Snode {
  readonly public_net: NetInfo;
  readonly intra_control_net: NetInfo;
  readonly intra_data_net: NetInfo;
  readonly daemon_type: DaemonType;
  readonly daemon_id: string;
  /** Bits of `SNODE_FLAGS`. */
  readonly flags: number;
  /** XXH64 of the id; beyond 2^53, so it must go through `encodeJson`. */
  readonly id_digest: bigint;
}

export interface Smap {
  readonly pmap: Readonly<Record<string, Snode>>;
  readonly tmap: Readonly<Record<string, Snode>>;
  /** Null until a primary was elected. */
  readonly proxy_si: Snode | null;
  readonly uuid: string;
  /** Text `YYYY-MM-DD HH:MM:SS`. */
  readonly creation_time: string;
  /** A decimal integer as a string; grows by one on every change. */
  readonly version: string;
}

export const SNODE_FLAGS = {
  nonElectable: 1,
  informationCenter: 2,
  maintenance: 4,
  decommission: 8,
  maintenancePostRebalance: 16,
} as const;

const INACTIVE = SNODE_FLAGS.maintenance | SNODE_FLAGS.decommission;

export function emptySmap(): Smap {
  return { pmap: {}, tmap: {}, proxy_si: null, uuid: "", creation_time: "", version: "0" };
}

/** A target or proxy that serves: neither in maintenance nor being decommissioned. */
export function isActive(node: Pick<Snode, "flags">): boolean {
  return (node.flags & INACTIVE) === 0;
}

/** What `chooseTarget` of `@ais/hrw` takes. */
export interface PlacementNode {
  readonly id: string;
  readonly digest: bigint;
  readonly snode: Snode;
}

// Both lists are derived from an immutable Smap and asked for by every request.
const activeTargetsOf = new WeakMap<Smap, readonly Snode[]>();
const placementNodesOf = new WeakMap<Smap, readonly PlacementNode[]>();

/** Targets that may hold objects. The same array for the same Smap. */
export function activeTargets(smap: Smap): readonly Snode[] {
  let targets = activeTargetsOf.get(smap);
  if (targets === undefined) {
    targets = Object.values(smap.tmap).filter(isActive);
    activeTargetsOf.set(smap, targets);
  }
  return targets;
}

/** The active targets in the form that placement hashes. The same array for the same Smap. */
export function placementNodes(smap: Smap): readonly PlacementNode[] {
  let nodes = placementNodesOf.get(smap);
  if (nodes === undefined) {
    nodes = activeTargets(smap).map((snode) => ({ id: snode.daemon_id, digest: snode.id_digest, snode }));
    placementNodesOf.set(smap, nodes);
  }
  return nodes;
}

/** The named targets as far as they are in the map, active or not, in the form that placement hashes. */
export function placementAmong({ tmap }: Smap, ids: readonly string[]): readonly PlacementNode[] {
  return Object.values(tmap)
    .filter((snode) => ids.includes(snode.daemon_id))
    .map((snode) => ({ id: snode.daemon_id, digest: snode.id_digest, snode }));
}

export function activeProxies(smap: Smap): readonly Snode[] {
  return Object.values(smap.pmap).filter(isActive);
}

/** Every node, proxies first. */
export function allNodes(smap: Smap): readonly Snode[] {
  return [...Object.values(smap.pmap), ...Object.values(smap.tmap)];
}

export function findNode(smap: Smap, id: string): Snode | null {
  if (Object.hasOwn(smap.tmap, id)) return smap.tmap[id] ?? null;
  if (Object.hasOwn(smap.pmap, id)) return smap.pmap[id] ?? null;
  return null;
}

/** `p[id]` or `t[id]`. */
export function nodeName(node: Pick<Snode, "daemon_type" | "daemon_id">): string {
  return `${node.daemon_type === "proxy" ? "p" : "t"}[${node.daemon_id}]`;
}

const NetInfoSchema = v.object({ node_ip_addr: v.string(), daemon_port: v.string(), direct_url: v.string() });

const DigestSchema = v.pipe(
  v.union([
    v.bigint(),
    v.pipe(
      v.number(),
      v.safeInteger(),
      v.transform((digest) => BigInt(digest)),
    ),
  ]),
  v.minValue(0n),
  v.maxValue(2n ** 64n - 1n),
);

export const SnodeSchema: v.GenericSchema<unknown, Snode> = v.object({
  public_net: NetInfoSchema,
  intra_control_net: NetInfoSchema,
  intra_data_net: NetInfoSchema,
  daemon_type: v.picklist(["proxy", "target"]),
  daemon_id: v.pipe(v.string(), v.minLength(1)),
  flags: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  id_digest: DigestSchema,
});

const SmapSchema: v.GenericSchema<unknown, Smap> = v.object({
  pmap: freeRecord(SnodeSchema),
  tmap: freeRecord(SnodeSchema),
  proxy_si: v.nullable(SnodeSchema),
  uuid: v.string(),
  creation_time: v.string(),
  version: v.pipe(v.string(), v.regex(/^\d+$/)),
});

/** Throws `badRequest` when the text is not an Smap; digests stay exact. */
export function parseSmap(text: string): Smap {
  return parseWith(SmapSchema, decodeJson(text), "Smap");
}

export function parseSnode(text: string): Snode {
  return parseWith(SnodeSchema, decodeJson(text), "Snode");
}

function parseWith<T>(schema: v.GenericSchema<unknown, T>, value: unknown, what: string): T {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const at = v.getDotPath(issue);
  throw new AisError("badRequest", `invalid ${what}${at === null ? "" : ` at "${at}"`}: ${issue.message}`);
}
