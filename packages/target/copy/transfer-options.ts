import type { PutOptions } from "@ais/storage/types.ts";
import type { Bprops } from "@ais/wire/bprops.ts";
import type { ObjectTransfer } from "@ais/wire/object-transfer.ts";
import { objectOptions } from "../object-options.ts";

/** What a copy keeps of its original, and what the bucket that it goes to says. */
export function transferOptions(
  { sizeBytes, checksum, atimeNs, custom, parts }: ObjectTransfer,
  props: Bprops,
): PutOptions {
  return {
    ...objectOptions(props),
    sizeBytes,
    atimeNs: BigInt(atimeNs),
    custom,
    compareCustom: true,
    ...(checksum === null ? {} : { expected: checksum }),
    ...(parts === null ? {} : { parts }),
  };
}
