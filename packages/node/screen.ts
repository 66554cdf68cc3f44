import { validateObjectName } from "@ais/wire/object-name.ts";
import type { Call } from "./call.ts";

/** Refuses what no handler should see. HEAD may probe a name with a slash at its end (wire-compat 0.3): it is just missing. */
export function screen(call: Call): void {
  const { operation, objectName } = call;
  if (!operation.startsWith("object.") || operation === "object.list") return;
  // Actions on a bucket's objects that name none of them.
  if (operation === "object.post" && objectName === "") return;
  const probes = operation === "object.head" && objectName.length > 1;
  validateObjectName(probes ? objectName.replace(/\/+$/, "") : objectName);
}
