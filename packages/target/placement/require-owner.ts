/** Objects that arrive from other targets, and those that are written while the cluster map changes, end at their owner. */
import { AisError } from "@ais/base/errors.ts";
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
 * nobody would look for it here. It may have waited for its body before it came here, so that only the owner of now counts.
 */
export async function writeAtOwner<T>(
  key: ObjectKey,
  { handOver, nodeId }: { readonly handOver: Sending; readonly nodeId: string },
  write: () => Promise<T>,
): Promise<T> {
  const written = await write();
  const owner = handOver.ownerOf(key.uname);
  if (owner !== null && owner.daemon_id !== nodeId) await handOver.run(key, "", NEVER);
  return written;
}
