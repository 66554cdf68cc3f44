/** Objects that arrive from other targets, and those that are written while the cluster map changes, end at their owner. */
import { AisError } from "@ais/base/errors.ts";
import type { ClusterMember } from "@ais/cluster/member.ts";
import type { Call } from "@ais/node/call.ts";
import type { ObjectKey } from "@ais/storage/types.ts";
import type { ObjectTransfer } from "@ais/wire/object-transfer.ts";
import type { TargetServices } from "../services.ts";
import type { Sending } from "./hand-over.ts";

const NEVER = new AbortController().signal;

/**
 * Throws `unavailable` unless this target owns the object by a map at least as new as the sender's: elsewhere nobody would
 * look for it. The sender tries again, by a newer map.
 */
export async function requireOwner(
  { uname, smapVersion }: ObjectTransfer,
  { span }: Pick<Call, "span">,
  { member, handOver, facts }: Pick<TargetServices, "member" | "handOver" | "facts">,
): Promise<void> {
  if (BigInt(smapVersion ?? 0) > BigInt(member.snapshot.smap.version)) await member.refresh("smap", span);
  if (handOver.ownerOf(uname)?.daemon_id === facts.id) return;
  throw new AisError(
    "unavailable",
    `the owner of the object has changed by cluster map version ${member.snapshot.smap.version}`,
  );
}

/**
 * A write may have begun before the cluster map changed, and end after this target's objects went to their new owners: then
 * nobody would look for it here. Only a map that was exchanged meanwhile can have changed the owner of what was redirected.
 */
export async function writeAtOwner<T>(
  key: ObjectKey,
  { member, handOver }: { readonly member: ClusterMember; readonly handOver: Sending },
  write: () => Promise<T>,
): Promise<T> {
  const { smap } = member.snapshot;
  const written = await write();
  if (member.snapshot.smap !== smap) await handOver.run(key, "", NEVER);
  return written;
}
