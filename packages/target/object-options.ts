import type { PutOptions } from "@ais/storage/types.ts";
import type { Bprops } from "@ais/wire/bprops.ts";
import { durabilityOf } from "./locate.ts";

/** How the bucket wants its objects written. */
export function objectOptions(props: Bprops): Pick<PutOptions, "checksumType" | "durability" | "versioned"> {
  return {
    checksumType: props.checksum.type,
    durability: durabilityOf(props),
    versioned: props.versioning.enabled,
  };
}
