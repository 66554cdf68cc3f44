import { encodeJson } from "@ais/wire/json.ts";
import { allNodes, findNode, type Smap, type Snode } from "@ais/wire/smap.ts";

export interface SmapStep {
  /** Version and identity are still those of the current one. */
  readonly smap: Smap;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Same id, another record: restarted on another port, or in another role. */
  readonly replaced: readonly string[];
  readonly primaryChanged: boolean;
}

/** What the Smap becomes when exactly `nodes` are alive and `primaryId` leads. Null when it says so already. */
export function nextSmap(current: Smap, nodes: readonly Snode[], primaryId: string): SmapStep | null {
  const alive = new Map(nodes.map((node) => [node.daemon_id, node]));
  const added: string[] = [];
  const replaced: string[] = [];
  for (const [id, node] of alive) {
    const known = findNode(current, id);
    if (known === null) added.push(id);
    else if (!sameNode(known, node)) replaced.push(id);
  }
  const removed = allNodes(current)
    .map((node) => node.daemon_id)
    .filter((id) => !alive.has(id));
  const primary = alive.get(primaryId) ?? null;
  const primaryChanged = !sameNode(current.proxy_si, primary);
  if (added.length + removed.length + replaced.length === 0 && !primaryChanged) return null;
  const smap = { ...current, pmap: ofType(nodes, "proxy"), tmap: ofType(nodes, "target"), proxy_si: primary };
  return { smap, added, removed, replaced, primaryChanged };
}

export function sameNode(a: Snode | null, b: Snode | null): boolean {
  return encodeJson(a) === encodeJson(b);
}

function ofType(nodes: readonly Snode[], type: Snode["daemon_type"]): Readonly<Record<string, Snode>> {
  const own = nodes.filter((node) => node.daemon_type === type);
  return Object.fromEntries(own.map((node) => [node.daemon_id, node]));
}
