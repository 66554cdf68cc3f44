import { systemClock } from "@ais/base/clock.ts";
import { AisError } from "@ais/base/errors.ts";
import { loadHrw } from "@ais/hrw/hrw.ts";
import { type Bck, objectUname } from "@ais/wire/bck.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { activeProxies, placementNodes, type Smap } from "@ais/wire/smap.ts";
import { type Origin, parseOrigin } from "../http/origin.ts";
import type { LoadOptions } from "../load-options.ts";
import { type Dice, PURPOSES } from "../workload/dice.ts";

/** Decides where requests go first. */
export interface Router {
  originFor(objectName: string, position: number): Origin;
  /** To be appended to the query of a PUT; empty or with `&` in front. */
  putStamp(): string;
}

const NO_STAMP = (): string => "";

/** The cluster map is asked for only by the routes that need it. */
export async function makeRouter(
  options: LoadOptions,
  dice: Dice,
  smap: () => Promise<Smap>,
): Promise<Router> {
  switch (options.route) {
    case "proxy": {
      const origin = parseOrigin(options.endpoint);
      return { originFor: () => origin, putStamp: NO_STAMP };
    }
    case "random-proxy":
      return randomProxyRouter(await smap(), dice);
    case "direct":
      return directRouter(await smap(), options.bucket);
  }
}

function randomProxyRouter(smap: Smap, dice: Dice): Router {
  const proxies = activeProxies(smap).map((node) => parseOrigin(node.public_net.direct_url));
  const [first] = proxies;
  if (first === undefined) throw new AisError("unavailable", "the cluster map has no active proxy");
  return {
    originFor: (_, position) => proxies[dice.below(proxies.length, PURPOSES.proxy, position)] ?? first,
    putStamp: NO_STAMP,
  };
}

/** Chooses the target as the proxy would (wire-compat 8) and stamps changes as the proxy would (wire-compat 3.1). */
async function directRouter(smap: Smap, bucket: Bck): Promise<Router> {
  const hrw = await loadHrw();
  const nodes = placementNodes(smap);
  const origins = new Map(nodes.map((node) => [node.id, parseOrigin(node.snode.public_net.direct_url)]));
  const proxyId = smap.proxy_si?.daemon_id ?? activeProxies(smap)[0]?.daemon_id ?? "";
  return {
    originFor(objectName) {
      const origin = origins.get(hrw.chooseTarget(nodes, objectUname(bucket, objectName))?.id ?? "");
      if (origin === undefined) throw new AisError("unavailable", "the cluster map has no active target");
      return origin;
    },
    putStamp: () => `&${QUERY.proxyId}=${proxyId}&${QUERY.unixTime}=${systemClock.nowNs().toString(36)}`,
  };
}
