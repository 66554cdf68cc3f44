import type { RequestSummary } from "@ais/wire/requests.ts";

/** `ais://nnn/object`, the bucket alone, or a dash. */
export function objectText({ bucket, object }: Pick<RequestSummary, "bucket" | "object">): string {
  if (bucket === "") return "-";
  return object === "" ? bucket : `${bucket}/${object}`;
}
