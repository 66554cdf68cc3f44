/** Bucket identity and its canonical texts (wire-compat 0.3, 4.6). */
import { AisError } from "@ais/base/errors.ts";

export const PROVIDERS = ["ais", "aws", "gcp", "azure", "oci"] as const;
export type Provider = (typeof PROVIDERS)[number];

export interface Namespace {
  /** Empty is this cluster; `@` in a listing is any remote cluster. */
  readonly uuid: string;
  readonly name: string;
}

/** A bucket; every key is always present on the wire. */
export interface Bck {
  readonly name: string;
  readonly provider: Provider;
  readonly namespace: Namespace;
}

export const GLOBAL_NAMESPACE: Namespace = { uuid: "", name: "" };

const SCHEMES: Readonly<Record<Provider, string>> = {
  ais: "ais",
  aws: "s3",
  gcp: "gs",
  azure: "az",
  oci: "oc",
};

const PROVIDER_BY_ALIAS: ReadonlyMap<string, Provider> = new Map(
  PROVIDERS.flatMap((provider): [string, Provider][] => [
    [provider, provider],
    [SCHEMES[provider], provider],
  ]),
);

/** Longest bucket name in bytes; names are ASCII. */
export const BUCKET_NAME_MAX_LENGTH = 64;
const BUCKET_NAME = /^[A-Za-z0-9_.-]+$/;
const NAMESPACE_UUID = /^[A-Za-z0-9_-]*$/;
const NAMESPACE_NAME = /^[A-Za-z0-9_.-]*$/;

/** Names and scheme aliases of wire-compat 0.3; an empty text is `ais`. */
export function parseProvider(text: string): Provider {
  if (text === "") return "ais";
  const provider = PROVIDER_BY_ALIAS.get(text);
  if (provider === undefined) throw new AisError("invalidProvider", `invalid bucket provider "${text}"`);
  return provider;
}

/**
 * `@uuid#name`, either part optional; text without a `#` is a uuid. Any remote cluster is `@`, which AIStore's clients write
 * `@@#`, and has uuid `@`.
 */
export function parseNamespace(text: string): Namespace {
  if (text === "" || text === "@#") return GLOBAL_NAMESPACE;
  if (text === "@" || text === "@@" || text === "@@#") return { uuid: "@", name: "" };
  const body = text.startsWith("@") ? text.slice(1) : text;
  const hash = body.indexOf("#");
  const uuid = hash < 0 ? body : body.slice(0, hash);
  const name = hash < 0 ? "" : body.slice(hash + 1);
  if (!NAMESPACE_UUID.test(uuid) || !NAMESPACE_NAME.test(name) || name.includes("..")) {
    throw new AisError("badRequest", `invalid bucket namespace "${text}", expecting "@uuid#name"`);
  }
  return { uuid, name };
}

/** The namespace as a key of the BMD and as a part of unames; the global one is `@#`. */
export function namespaceUname(namespace: Namespace): string {
  return namespace.uuid === "" && namespace.name === "" ? "@#" : `@${namespace.uuid}#${namespace.name}`;
}

export function isGlobalNamespace(namespace: Namespace): boolean {
  return namespace.uuid === "" && namespace.name === "";
}

/** An ais bucket of this cluster's global namespace. */
export function aisBucket(name: string): Bck {
  return { name, provider: "ais", namespace: GLOBAL_NAMESPACE };
}

/** The bucket of a request: decoded path name plus the query items `provider` and `namespace`. Does not validate the name. */
export function bckFromRequest(name: string, provider: string | null, namespace: string | null): Bck {
  return { name, provider: parseProvider(provider ?? ""), namespace: parseNamespace(namespace ?? "") };
}

export function sameBucket(left: Bck, right: Bck): boolean {
  return (
    left.name === right.name &&
    left.provider === right.provider &&
    left.namespace.uuid === right.namespace.uuid &&
    left.namespace.name === right.namespace.name
  );
}

/** `ais://nnn`, `ais://@uuid#ns/nnn`: what people and error texts see. */
export function bucketCname(bucket: Bck): string {
  return `${SCHEMES[bucket.provider]}://${namespacePrefix(bucket.namespace)}${bucket.name}`;
}

export function objectCname(bucket: Bck, objectName: string): string {
  return `${bucketCname(bucket)}/${objectName}`;
}

/** `ais/@#/nnn/`: the form of the query items `bck_to` and `object_to`. */
export function bucketUname(bucket: Bck): string {
  return `${bucket.provider}/${namespaceUname(bucket.namespace)}/${bucket.name}/`;
}

/** `ais/@#/nnn/dir/obj`: the text that placement hashes. */
export function objectUname(bucket: Bck, objectName: string): string {
  return bucketUname(bucket) + objectName;
}

/** The bucket and object of a uname such as a `bck_to` or `object_to` query item; the object may be empty. */
export function parseUname(uname: string): { readonly bucket: Bck; readonly objectName: string } {
  const parts = uname.split("/");
  const [provider, namespace, name] = parts;
  if (provider === undefined || namespace === undefined || name === undefined || name === "") {
    throw new AisError("badRequest", `invalid uname "${uname}", expecting "provider/@uuid#ns/bucket/object"`);
  }
  const bucket = { name, provider: parseProvider(provider), namespace: parseNamespace(namespace) };
  return { bucket, objectName: parts.slice(3).join("/") };
}

/** Throws `badRequest` unless users may create this bucket: its name, and that of its namespace. */
export function validateNewBucket({ name, namespace }: Bck): void {
  validateBucketName(name);
  if (namespace.name.length > BUCKET_NAME_MAX_LENGTH) {
    throw new AisError(
      "badRequest",
      `namespace "${namespace.name}" is too long: ${namespace.name.length} > ${BUCKET_NAME_MAX_LENGTH}`,
    );
  }
}

/** Throws `badRequest` unless the name keeps the rule of wire-compat 0.3 for names that users may create. */
export function validateBucketName(name: string): void {
  if (name === "") throw new AisError("badRequest", "bucket name is empty");
  if (name.length > BUCKET_NAME_MAX_LENGTH) {
    throw new AisError(
      "badRequest",
      `bucket name "${name}" is too long: ${name.length} > ${BUCKET_NAME_MAX_LENGTH}`,
    );
  }
  if (!BUCKET_NAME.test(name) || name.includes("..")) {
    throw new AisError(
      "badRequest",
      `bucket name "${name}" is invalid: it may contain letters, digits, "-", "_", and "." but no ".."`,
    );
  }
  if (name.startsWith(".")) {
    throw new AisError(
      "badRequest",
      `bucket name "${name}" is invalid: a leading "." is reserved for system buckets`,
    );
  }
}

export interface ParsedUri {
  /** Its name is empty for `ais://`, which stands for all buckets of a provider. */
  readonly bucket: Bck;
  /** Empty for a bucket's URI; taken literally, nothing is unescaped. */
  readonly objectName: string;
}

/** `ais://nnn/dir/obj`, `s3://b`, `ais://@uuid#ns/b/o`, `ais:`, and `nnn/obj` with the default provider. */
export function parseObjectUri(uri: string, defaultProvider: Provider = "ais"): ParsedUri {
  if (/^[A-Za-z0-9]+:$/.test(uri)) return parseObjectUri(`${uri}//`);
  const schemeEnd = uri.indexOf("://");
  const provider = schemeEnd < 0 ? defaultProvider : parseProvider(uri.slice(0, schemeEnd));
  let rest = schemeEnd < 0 ? uri : uri.slice(schemeEnd + 3);
  let namespace = GLOBAL_NAMESPACE;
  if (rest.startsWith("@") || rest.startsWith("#")) {
    const slash = rest.indexOf("/");
    namespace = parseNamespace(slash < 0 ? rest : rest.slice(0, slash));
    rest = slash < 0 ? "" : rest.slice(slash + 1);
  }
  const slash = rest.indexOf("/");
  const name = slash < 0 ? rest : rest.slice(0, slash);
  const objectName = slash < 0 ? "" : rest.slice(slash + 1);
  if (name === "" && objectName !== "") {
    throw new AisError("badRequest", `invalid URI "${uri}": no bucket name before the object name`);
  }
  return { bucket: { name, provider, namespace }, objectName };
}

function namespacePrefix(namespace: Namespace): string {
  if (isGlobalNamespace(namespace)) return "";
  const uuid = namespace.uuid === "" ? "" : `@${namespace.uuid.replace(/^@/, "")}`;
  const name = namespace.name === "" ? "" : `#${namespace.name}`;
  return `${uuid}${name}/`;
}
