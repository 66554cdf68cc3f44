import { bckFromRequest, bucketCname } from "@ais/wire/bck.ts";
import type { Call } from "./call.ts";

/** The bucket that a call names, as people write it; empty for none. */
export function bucketOf({ bucketName, query }: Pick<Call, "bucketName" | "query">): string {
  return bucketName === "" ? "" : bucketText(bucketName, query.get("provider"), query.get("namespace"));
}

/** The plain name when the request's provider or namespace makes no sense. */
export function bucketText(bucketName: string, provider: string | null, namespace: string | null): string {
  try {
    return bucketCname(bckFromRequest(bucketName, provider, namespace));
  } catch {
    return bucketName;
  }
}
