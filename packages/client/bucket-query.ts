import { type Bck, isGlobalNamespace, namespaceUname } from "@ais/wire/bck.ts";
import { QUERY } from "@ais/wire/queries.ts";

/** Query items that together with the name in the path identify a bucket. */
export function bucketQuery(bucket: Bck): Readonly<Record<string, string>> {
  const provider = { [QUERY.provider]: bucket.provider };
  if (isGlobalNamespace(bucket.namespace)) return provider;
  return { ...provider, [QUERY.namespace]: namespaceUname(bucket.namespace) };
}
