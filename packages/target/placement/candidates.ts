import type { Hrw } from "@ais/hrw/hrw.ts";
import { leavingTargets, type Rmd, unsettledTargets } from "@ais/wire/rmd.ts";
import { isActive, placementAmong, type Smap } from "@ais/wire/smap.ts";

/**
 * Ids of the targets that may have the newest form of an object: the one that placement chooses among those among which it is
 * settled, where it was written while the others were not there, and each of those others. Whatever else has some of it has
 * an older form, if anything.
 */
export function candidatesFor(
  uname: string,
  { smap, rmd }: { readonly smap: Smap; readonly rmd: Rmd },
  hrw: Hrw,
): ReadonlySet<string> {
  const unsettled = unsettledTargets(smap, rmd);
  const settled = rmd.target_ids.filter((id) => {
    const node = smap.tmap[id];
    return node !== undefined && isActive(node) && !unsettled.includes(id);
  });
  const chosen = hrw.chooseTarget(placementAmong(smap, settled), uname);
  const leaving = leavingTargets(smap, rmd).map((node) => node.daemon_id);
  return new Set([...unsettled, ...leaving, ...(chosen === null ? [] : [chosen.id])]);
}
