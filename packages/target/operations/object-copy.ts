/** PUT with `object_to`: a copy under another name, in the same bucket or another one (wire-compat 3.4). */
import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply } from "@ais/node/replies.ts";
import { bucketCname, parseUname } from "@ais/wire/bck.ts";
import { OPERATIONS } from "@ais/wire/operations.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { copyObject } from "../copy/copy-object.ts";
import { locateObject } from "../locate.ts";
import type { TargetServices } from "../services.ts";

export async function copyObjectTo(call: Call, services: TargetServices): Promise<HttpReply> {
  const { bucket, objectName } = parseUname(call.query.get(QUERY.objectTo) ?? "");
  if (objectName === "")
    throw new AisError(
      "badRequest",
      `invalid "${QUERY.objectTo}": it names no object in "${bucketCname(bucket)}"`,
    );
  const source = await locateObject(call, services);
  const destination = {
    bucket,
    objectName,
    permission: OPERATIONS["object.put"].access,
  };
  await copyObject(call, source, destination, services);
  return emptyReply();
}
