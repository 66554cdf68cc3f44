/**
 * Permissions (wire-compat 9.5): what each call takes, and what the bits of a bucket's `access` allow. The closed list of
 * operations names one for every operation; operations whose action says what they do have theirs here.
 */
import { AisError } from "@ais/base/errors.ts";
import type { Action } from "./actions.ts";
import { type Bck, bucketCname } from "./bck.ts";

export const PERMISSIONS = {
  GET: 1n,
  "HEAD-OBJECT": 2n,
  PUT: 4n,
  APPEND: 8n,
  "DELETE-OBJECT": 16n,
  "MOVE-OBJECT": 32n,
  PROMOTE: 64n,
  "UPDATE-OBJECT": 128n,
  "HEAD-BUCKET": 256n,
  "LIST-OBJECTS": 512n,
  PATCH: 1024n,
  "SET-BUCKET-ACL": 2048n,
  "LIST-BUCKETS": 4096n,
  "SHOW-CLUSTER": 8192n,
  "CREATE-BUCKET": 16_384n,
  "DESTROY-BUCKET": 32_768n,
  "MOVE-BUCKET": 65_536n,
  ADMIN: 131_072n,
} as const;

export type Permission = keyof typeof PERMISSIONS;

/** Every bit set: the default of a bucket's `access`. */
export const ACCESS_ALL = "18446744073709551615";

/** No bucket forbids to look at it, or to change what it forbids, while nobody has to say who he is. */
const ALWAYS_ALLOWED =
  PERMISSIONS.GET |
  PERMISSIONS["HEAD-OBJECT"] |
  PERMISSIONS["HEAD-BUCKET"] |
  PERMISSIONS["LIST-OBJECTS"] |
  PERMISSIONS.PATCH |
  PERMISSIONS["SET-BUCKET-ACL"];

export const ACTION_PERMISSIONS: Readonly<Record<Action, Permission>> = {
  list: "LIST-OBJECTS",
  "summary-bck": "LIST-OBJECTS",
  "summary-shard": "LIST-OBJECTS",
  "show-inventory": "LIST-OBJECTS",
  "create-bck": "CREATE-BUCKET",
  "move-bck": "MOVE-BUCKET",
  "copy-bck": "PUT",
  "etl-bck": "PUT",
  "copy-listrange": "PUT",
  "etl-listrange": "PUT",
  "prefetch-listrange": "PUT",
  "make-n-copies": "PUT",
  "ec-encode": "PUT",
  rechunk: "PUT",
  "index-shard": "PUT",
  "create-inventory": "LIST-OBJECTS",
  "destroy-inventory": "DELETE-OBJECT",
  archive: "PUT",
  "set-bprops": "PATCH",
  "reset-bprops": "PATCH",
  "destroy-bck": "DESTROY-BUCKET",
  "evict-remote-bck": "DESTROY-BUCKET",
  "delete-listrange": "DELETE-OBJECT",
  "evict-listrange": "DELETE-OBJECT",
  "rename-obj": "MOVE-OBJECT",
  "check-lock": "HEAD-OBJECT",
  "mpt-upload": "PUT",
  "mpt-complete": "PUT",
  "mpt-abort": "PUT",
  promote: "PROMOTE",
  "blob-download": "PUT",
  start: "ADMIN",
  stop: "ADMIN",
  "set-config": "ADMIN",
  "reset-config": "ADMIN",
  "rotate-logs": "ADMIN",
  "reset-stats": "ADMIN",
  shutdown: "ADMIN",
  decommission: "ADMIN",
  "start-maintenance": "ADMIN",
  "stop-maintenance": "ADMIN",
  "shutdown-node": "ADMIN",
  "decommission-node": "ADMIN",
  "rm-unsafe": "ADMIN",
  "attach-mp": "ADMIN",
  "detach-mp": "ADMIN",
  "enable-mp": "ADMIN",
  "disable-mp": "ADMIN",
  "rescan-mp": "ADMIN",
};

/** Whether the bucket allows it to everybody. */
export function hasAccess({ access }: { readonly access: string }, permission: Permission): boolean {
  if (access === ACCESS_ALL) return true;
  const bit = PERMISSIONS[permission] & ~ALWAYS_ALLOWED;
  return (BigInt(access) & bit) === bit;
}

/** Throws `accessDenied` when the bucket does not allow it to anybody. */
export function requireAccess(
  bucket: Bck,
  { access }: { readonly access: string },
  permission: Permission,
): void {
  if (hasAccess({ access }, permission)) return;
  throw new AisError(
    "accessDenied",
    `bucket "${bucketCname(bucket)}": ${permission} access denied (allowed: [${describe(BigInt(access))}])`,
  );
}

function describe(allowed: bigint): string {
  return Object.entries(PERMISSIONS)
    .filter(([, bit]) => (allowed & bit) !== 0n)
    .map(([name]) => name)
    .join(",");
}
