import type { Call } from "@ais/node/call.ts";
import { daemonInfo } from "@ais/node/daemon-info.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { unrecognizedWhat } from "@ais/wire/error-texts.ts";
import { QUERY } from "@ais/wire/queries.ts";
import type { ProxyServices } from "../services.ts";

/** What this proxy says about itself (wire-compat 5.3); every answer is one that targets give too. */
export async function daemonGet(call: Call, services: ProxyServices): Promise<HttpReply> {
  const reply = await daemonInfo(call, services);
  if (reply === null) throw unrecognizedWhat(call.query.get(QUERY.what) ?? "");
  return reply;
}
