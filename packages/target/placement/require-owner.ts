/** Objects that arrive from other targets, and those that are written while the cluster map changes, end at their owner. */
import { AisError } from "@ais/base/errors.ts";
import type { ClusterMember } from "@ais/cluster/member.ts";
import type { Call } from "@ais/node/call.ts";
import type { ObjectKey } from "@ais/storage/types.ts";
import type { Span } from "@ais/tracing/types.ts";
import type { ObjectTransfer } from "@ais/wire/object-transfer.ts";
import type { Smap } from "@ais/wire/smap.ts";
import type { TargetServices } from "../services.ts";
import type { Sending } from "./hand-over.ts";

const NEVER = new AbortController().signal;

/**
 * Throws `unavailable` unless this target owns the object by a map at least as new as the sender's: elsewhere nobody would
 * look for it. The sender tries again, by a newer map.
 * Resolves with the map that this was judged by: it may change before the object is here, so the write is to be told of it.
 */
export async function requireOwner(
  { uname, smapVersion }: ObjectTransfer,
  { span }: Pick<Call, "span">,
  { member, handOver, facts }: Pick<TargetServices, "member" | "handOver" | "facts">,
): Promise<Smap> {
  if (BigInt(smapVersion ?? 0) > BigInt(member.snapshot.smap.version)) await member.refresh("smap", span);
  const { smap } = member.snapshot;
  if (handOver.ownerOf(uname)?.daemon_id === facts.id) return smap;
  throw new AisError(
    "unavailable",
    `the owner of the object has changed by cluster map version ${smap.version}`,
  );
}

/**
 * `write` waits for bodies and disks. When the cluster map is another one than `judgedBy` after that, the one by which this
 * target was found to own the object, what was written goes on to the owner of now before anybody hears of it: this target's
 * objects may all have gone there already, and nobody would look for it here.
 */
export async function writeAtOwner<T>(
  key: ObjectKey,
  judgedBy: Smap,
  { member, handOver }: { readonly member: ClusterMember; readonly handOver: Sending },
  write: () => Promise<T>,
  span?: Span,
): Promise<T> {
  const written = await write();
  if (member.snapshot.smap !== judgedBy) await handOver.run(key, "", NEVER, span);
  return written;
}
