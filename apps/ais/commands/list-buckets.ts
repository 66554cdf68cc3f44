import {
  type Bck,
  bucketCname,
  GLOBAL_NAMESPACE,
  isGlobalNamespace,
  type Namespace,
  namespaceUname,
  PROVIDERS,
  type Provider,
} from "@ais/wire/bck.ts";
import type { CommandContext } from "../context.ts";
import { formatSize } from "../output/units.ts";
import type { ListOptions } from "./bucket-ls.ts";

/** What people call the providers. */
const PROVIDER_TITLES: Readonly<Record<Provider, string>> = {
  ais: "AIS",
  aws: "AWS",
  gcp: "GCP",
  azure: "Azure",
  oci: "OCI",
};

/** Every bucket, of one provider when given, or just `only`. */
export async function listBuckets(
  context: CommandContext,
  provider: Provider | undefined,
  options: ListOptions,
  only?: Bck,
  namespace: Namespace = GLOBAL_NAMESPACE,
): Promise<void> {
  const { regex } = options;
  const found =
    only === undefined
      ? await context.client.buckets.list({
          ...(provider === undefined ? {} : { provider }),
          ...(isGlobalNamespace(namespace) ? {} : { namespace: namespaceUname(namespace) }),
          all: options.all === true,
        })
      : [only];
  const buckets = found.filter(({ name }) => regex === undefined || regex.test(name));
  if (options.summary === true) return listSummaries(context, buckets, options.prefix ?? "");
  if (context.settings.json) return context.printJson(buckets);
  if (options.countOnly === true) return context.print(String(buckets.length));
  if (buckets.length === 0) {
    const kind = provider === undefined ? "" : `${PROVIDER_TITLES[provider]} `;
    return context.print(`No ${kind}buckets in the cluster.`);
  }
  for (const each of PROVIDERS) {
    const rows = buckets
      .filter((bucket) => bucket.provider === each)
      .map((bucket) => [bucketCname(bucket), "yes"]);
    if (rows.length === 0) continue;
    context.printTable([{ name: "NAME" }, { name: "PRESENT" }], rows);
    const plural = rows.length === 1 ? "bucket" : "buckets";
    const total = `Total: [${PROVIDER_TITLES[each]} ${plural}: ${rows.length}] ========`;
    if (context.settings.headers) context.print(`${context.colors.cyan(total)}\n`);
  }
}

export async function listSummaries(
  context: CommandContext,
  buckets: readonly Bck[],
  prefix: string,
): Promise<void> {
  const summaries: { readonly bucket: Bck; readonly objects: number; readonly sizeBytes: number }[] = [];
  for (const bucket of buckets) {
    const { objectCount, totalBytes } = await context.client.jobs.summary(bucket, prefix);
    summaries.push({ bucket, objects: objectCount, sizeBytes: totalBytes });
  }
  if (context.settings.json) return context.printJson(summaries);
  context.printTable(
    [{ name: "NAME" }, { name: "OBJECTS" }, { name: "SIZE" }],
    summaries.map(({ bucket, objects, sizeBytes }) => [
      bucketCname(bucket),
      String(objects),
      formatSize(sizeBytes, context.settings.units),
    ]),
  );
}
