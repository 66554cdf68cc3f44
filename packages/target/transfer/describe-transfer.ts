/** What goes with an object to another target, read from the object as it is here. */
import type { ClusterSnapshot } from "@ais/cluster/snapshot.ts";
import type { ObjectAttributes } from "@ais/storage/types.ts";
import type { ObjectTransfer } from "@ais/wire/object-transfer.ts";

type Purpose = Pick<ObjectTransfer, "uname" | "bid"> &
  Partial<Pick<ObjectTransfer, "keepExisting" | "durable" | "moved" | "jobId">>;

type Described = Pick<ObjectAttributes, "sizeBytes" | "checksum" | "atimeNs" | "custom" | "parts">;

/** A copy, unless `purpose` says otherwise. */
export function describeTransfer(
  { sizeBytes, checksum, atimeNs, custom, parts }: Described,
  { smap, bmd }: ClusterSnapshot,
  purpose: Purpose,
): ObjectTransfer {
  return {
    bmdVersion: bmd.version,
    smapVersion: smap.version,
    sizeBytes,
    checksum,
    atimeNs: atimeNs.toString(),
    custom,
    parts: parts ?? null,
    keepExisting: false,
    durable: false,
    moved: null,
    jobId: "",
    ...purpose,
  };
}
