/** The bucket metadata document (wire-compat 5.2): immutable, looked up by every request. */
import { AisError } from "@ais/base/errors.ts";
import { type Bck, namespaceUname, PROVIDERS, type Provider, parseNamespace } from "./bck.ts";
import { type Bprops, bpropsFromJson } from "./bprops.ts";
import { decodeJson } from "./json.ts";

type Buckets = Readonly<Record<string, Bprops>>;
type Namespaces = Readonly<Record<string, Buckets>>;

export interface Bmd {
  /** Provider, then namespace uname (`@#` is the global one), then bucket name. */
  readonly providers: Readonly<Partial<Record<Provider, Namespaces>>>;
  readonly uuid: string;
  /** A decimal integer as a string; grows by one on every change. */
  readonly version: string;
}

export interface BucketFilter {
  readonly provider?: Provider;
  /** Uname of the namespace, such as `@#`. */
  readonly namespaceUname?: string;
  readonly name?: string;
}

export interface BucketEntry {
  readonly bucket: Bck;
  readonly props: Bprops;
}

export function emptyBmd(): Bmd {
  return { providers: {}, uuid: "", version: "0" };
}

/** Null when the bucket does not exist. Names such as `constructor` are names like any other. */
export function findBucket(bmd: Bmd, bucket: Bck): Bprops | null {
  const namespaces = bmd.providers[bucket.provider];
  if (namespaces === undefined) return null;
  const key = namespaceUname(bucket.namespace);
  const buckets = Object.hasOwn(namespaces, key) ? namespaces[key] : undefined;
  if (buckets === undefined || !Object.hasOwn(buckets, bucket.name)) return null;
  return buckets[bucket.name] ?? null;
}

/** A BMD in which the bucket has these props, whether it was there before or not. The version is left to the document store. */
export function withBucket(bmd: Bmd, bucket: Bck, props: Bprops): Bmd {
  const namespaces = bmd.providers[bucket.provider] ?? {};
  const key = namespaceUname(bucket.namespace);
  const buckets: Buckets = { ...namespaces[key], [bucket.name]: props };
  return { ...bmd, providers: { ...bmd.providers, [bucket.provider]: { ...namespaces, [key]: buckets } } };
}

/** The same BMD when the bucket is not in it. */
export function withoutBucket(bmd: Bmd, bucket: Bck): Bmd {
  if (findBucket(bmd, bucket) === null) return bmd;
  const key = namespaceUname(bucket.namespace);
  const namespaces = { ...bmd.providers[bucket.provider] };
  const buckets = { ...namespaces[key] };
  delete buckets[bucket.name];
  if (Object.keys(buckets).length === 0) delete namespaces[key];
  else namespaces[key] = buckets;
  return { ...bmd, providers: { ...bmd.providers, [bucket.provider]: namespaces } };
}

/** Sorted by provider, namespace and name. */
export function listBuckets(bmd: Bmd, filter: BucketFilter = {}): readonly BucketEntry[] {
  const entries: BucketEntry[] = [];
  for (const provider of PROVIDERS) {
    if (filter.provider !== undefined && filter.provider !== provider) continue;
    const namespaces = bmd.providers[provider] ?? {};
    for (const key of Object.keys(namespaces).sort()) {
      if (filter.namespaceUname !== undefined && filter.namespaceUname !== key) continue;
      const buckets = namespaces[key] ?? {};
      const namespace = parseNamespace(key);
      for (const name of Object.keys(buckets).sort()) {
        const props = buckets[name];
        if (props === undefined || (filter.name !== undefined && filter.name !== name)) continue;
        entries.push({ bucket: { name, provider, namespace }, props });
      }
    }
  }
  return entries;
}

/** Throws `badRequest` when the text is not a BMD. Props that a newer node wrote and this one lacks get their defaults. */
export function parseBmd(text: string): Bmd {
  const json = asObject(decodeJson(text), "BMD");
  const { uuid, version } = json;
  if (typeof uuid !== "string" || typeof version !== "string" || !/^\d+$/.test(version)) {
    throw new AisError("badRequest", `invalid BMD: "uuid" and "version" must be strings`);
  }
  const providers: Partial<Record<Provider, Namespaces>> = {};
  for (const [provider, namespaces] of Object.entries(asObject(json.providers ?? {}, "BMD providers"))) {
    const known = PROVIDERS.find((name) => name === provider);
    if (known === undefined) throw new AisError("badRequest", `invalid BMD: unknown provider "${provider}"`);
    providers[known] = mapValues(namespaces, (buckets) => mapValues(buckets, bpropsFromJson));
  }
  return { providers, uuid, version };
}

function mapValues<T>(value: unknown, change: (member: unknown) => T): Readonly<Record<string, T>> {
  return Object.fromEntries(
    Object.entries(asObject(value, "BMD")).map(([key, member]) => [key, change(member)]),
  );
}

function asObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AisError("badRequest", `invalid ${what}: expecting an object`);
  }
  return value as Readonly<Record<string, unknown>>;
}
