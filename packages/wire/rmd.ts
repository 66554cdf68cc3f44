/**
 * Rebalance metadata: among which targets every object lies where placement looks for it, and which nodes are out of
 * service or on their way there. AIStore's document of that name has the first three members (wire-compat 5.2).
 */
import { AisError } from "@ais/base/errors.ts";
import * as v from "valibot";
import { freeRecord } from "./free-record.ts";
import { decodeJson } from "./json.ts";
import { isActive, type Smap, SNODE_FLAGS, type Snode, SnodeSchema } from "./smap.ts";

/** Why a node is out of service, by the name of the action that took it out. */
export const REMOVALS = ["start-maintenance", "shutdown-node", "decommission-node"] as const;
export type Removal = (typeof REMOVALS)[number];

const OutOfServiceSchema = v.object({
  action: v.picklist(REMOVALS),
  /** As it was last seen: a node that was shut down stays in the cluster map. */
  snode: SnodeSchema,
  /** Its objects are to be handed over first. */
  rebalance: v.boolean(),
  /** They were: it holds nothing that placement would look for elsewhere. */
  moved: v.boolean(),
  /** What the action ends with has been done. */
  final: v.boolean(),
  rm_user_data: v.boolean(),
  keep_initial_config: v.boolean(),
  no_shutdown: v.boolean(),
});

const RmdSchema = v.object({
  cluster_id: v.string(),
  /** A decimal integer as a string; grows by one on every change. */
  version: v.pipe(v.string(), v.regex(/^\d+$/)),
  /** Ids of the targets among which placement is settled. An active target that is not here lacks objects that are elsewhere. */
  target_ids: v.array(v.string()),
  /** Number of the newest rebalance, `g<N>` as a job; 0 before the first one. */
  rebalance_id: v.number(),
  /** What the newest rebalance was for (`rebalanceGoal`); empty when the next one need not differ from it. */
  attempted: v.string(),
  /** Targets that ceased to serve since the newest rebalance began: what it does may lack what was written without them. */
  left: v.array(v.string()),
  /** Targets that the cluster map has lost with all that they hold, until they are back or given up. */
  away: v.optional(v.array(v.string()), []),
  nodes: freeRecord(OutOfServiceSchema),
});

export type OutOfService = Readonly<v.InferOutput<typeof OutOfServiceSchema>>;
export type Rmd = Readonly<v.InferOutput<typeof RmdSchema>>;

const SERVICE_FLAGS =
  SNODE_FLAGS.maintenance | SNODE_FLAGS.decommission | SNODE_FLAGS.maintenancePostRebalance;

export function emptyRmd(): Rmd {
  return {
    cluster_id: "",
    version: "0",
    target_ids: [],
    rebalance_id: 0,
    attempted: "",
    left: [],
    away: [],
    nodes: {},
  };
}

/** Throws `badRequest` when the text is no such document. */
export function parseRmd(text: string): Rmd {
  const result = v.safeParse(RmdSchema, decodeJson(text));
  if (result.success) return result.output;
  throw new AisError("badRequest", `invalid RMD: ${result.issues[0].message}`);
}

export function outOfService(rmd: Rmd, id: string): OutOfService | null {
  return Object.hasOwn(rmd.nodes, id) ? (rmd.nodes[id] ?? null) : null;
}

/** The record with the node added, replaced or, for null, removed. */
export function withNode(rmd: Rmd, id: string, state: OutOfService | null): Rmd {
  const others = Object.entries(rmd.nodes).filter(([each]) => each !== id);
  return { ...rmd, nodes: Object.fromEntries(state === null ? others : [...others, [id, state]]) };
}

/**
 * The live nodes with their flags, and those that are out of service for good but not removed: they stay in the cluster
 * map whether they run or not. One on its way out leaves the map with its process, as any other node does.
 */
export function withServiceFlags(alive: readonly Snode[], rmd: Rmd): readonly Snode[] {
  const flagged = alive.map((node) => {
    const state = outOfService(rmd, node.daemon_id);
    return state === null ? node : { ...node, flags: node.flags | flagsOf(state) };
  });
  const ids = new Set(alive.map((node) => node.daemon_id));
  const kept = Object.entries(rmd.nodes).flatMap(([id, state]) =>
    ids.has(id) || !state.final || state.action === "decommission-node"
      ? []
      : [{ ...state.snode, flags: state.snode.flags | flagsOf(state) }],
  );
  return [...flagged, ...kept];
}

/** True when the node, as the cluster map has it, shows what is said of it here. */
export function hasServiceFlags(node: Snode, rmd: Rmd): boolean {
  const state = outOfService(rmd, node.daemon_id);
  return (node.flags & SERVICE_FLAGS) === (state === null ? 0 : flagsOf(state));
}

function flagsOf({ action, moved }: OutOfService): number {
  if (action === "decommission-node") return SNODE_FLAGS.decommission;
  return SNODE_FLAGS.maintenance | (moved ? SNODE_FLAGS.maintenancePostRebalance : 0);
}

/** Active targets that other targets may still have objects of. */
export function unsettledTargets(smap: Smap, { target_ids }: Rmd): readonly string[] {
  return Object.values(smap.tmap)
    .filter((node) => isActive(node) && !target_ids.includes(node.daemon_id))
    .map((node) => node.daemon_id);
}

/** Targets that serve nothing any more and may still hold objects. */
export function leavingTargets(smap: Smap, rmd: Rmd): readonly Snode[] {
  return Object.values(smap.tmap).filter(
    (node) => !isActive(node) && outOfService(rmd, node.daemon_id)?.moved !== true,
  );
}

interface Settlement {
  readonly rmd: Rmd;
  readonly isSettled: boolean;
}

// Asked by every request, of documents that hardly ever change.
const settlementOf = new WeakMap<Smap, Settlement>();

/** True when every object is at the target that placement chooses, unless a write of this moment is on its way there. */
export function isSettled({ smap, rmd }: { readonly smap: Smap; readonly rmd: Rmd }): boolean {
  const known = settlementOf.get(smap);
  if (known !== undefined && known.rmd === rmd) return known.isSettled;
  const isNow = unsettledTargets(smap, rmd).length === 0 && leavingTargets(smap, rmd).length === 0;
  settlementOf.set(smap, { rmd, isSettled: isNow });
  return isNow;
}

/** Every target that may hold objects: the active ones first. */
export function holdingTargets(smap: Smap, rmd: Rmd): readonly Snode[] {
  return [...Object.values(smap.tmap).filter(isActive), ...leavingTargets(smap, rmd)];
}

/** Targets that are not there and whose objects are with nobody else. */
export function awayTargets({ tmap }: Smap, { away }: Rmd): readonly string[] {
  return away.filter((id) => !Object.hasOwn(tmap, id));
}

/** Ids of all that may hold objects, whether they are there or not. */
export function holderIds(smap: Smap, rmd: Rmd): readonly string[] {
  return [...holdingTargets(smap, rmd).map((node) => node.daemon_id), ...awayTargets(smap, rmd)];
}

/** What a rebalance brings about, as a text to compare: which targets are to have all objects, and which none. */
export function rebalanceGoal(smap: Smap, rmd: Rmd): string {
  const active = Object.values(smap.tmap).filter(isActive);
  const ids = (nodes: readonly Snode[]): string =>
    nodes
      .map((node) => node.daemon_id)
      .sort()
      .join();
  return `${ids(active)} < ${ids(leavingTargets(smap, rmd))}`;
}

/** Of the ids of rebalances; other jobs have it as well. */
export const REBALANCE_ID_PREFIX = "g";

/** The job that is rebalance number `id`. */
export function rebalanceJobId(id: number): string {
  return `${REBALANCE_ID_PREFIX}${id}`;
}

/** Of a rebalance's job. */
export function rebalanceNumber(jobId: string): number {
  return Number(jobId.slice(REBALANCE_ID_PREFIX.length));
}
