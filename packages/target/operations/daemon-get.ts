/** `daemon.get`: what a target says about itself (wire-compat 5.3). */
import type { Call } from "@ais/node/call.ts";
import { daemonInfo } from "@ais/node/daemon-info.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { jsonReply } from "@ais/node/replies.ts";
import type { ObjectStore } from "@ais/storage/types.ts";
import { unrecognizedWhat } from "@ais/wire/error-texts.ts";
import { type Tcdf, tcdf } from "@ais/wire/node-status.ts";
import { QUERY, WHAT } from "@ais/wire/queries.ts";
import type { TargetServices } from "../services.ts";

export async function daemonGet(call: Call, services: TargetServices): Promise<HttpReply> {
  const { store } = services;
  const common = await daemonInfo(call, services, () => capacityOf(store));
  if (common !== null) return common;
  const what = call.query.get(QUERY.what) ?? "";
  switch (what) {
    case WHAT.mountpaths: {
      const available = store.capacity().map(({ path }) => path);
      return jsonReply({ available, waiting_dd: [], disabled: [] });
    }
    case WHAT.disk:
      // Throughput of disks is not measured: no disk is better than one that seems to do nothing.
      return jsonReply({ AllDiskStats: {}, ...capacityOf(store) });
    default:
      throw unrecognizedWhat(what);
  }
}

function capacityOf(store: ObjectStore): Tcdf {
  return tcdf(store.capacity());
}
