import type { ClusterMember } from "@ais/cluster/member.ts";
import type { Hrw } from "@ais/hrw/hrw.ts";
import { placementNodes, type Snode } from "@ais/wire/smap.ts";

/** Which target has the object, by the newest cluster map here; null when the cluster has no active target. */
export function ownerOf(
  uname: string,
  { hrw, member }: { readonly hrw: Hrw; readonly member: ClusterMember },
): Snode | null {
  return hrw.chooseTarget(placementNodes(member.snapshot.smap), uname)?.snode ?? null;
}
