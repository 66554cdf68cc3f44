import { type LsoResult, lsoToMsgpackObject } from "@ais/wire/lso.ts";
import { Packr } from "msgpackr";

/** Plain maps with string keys: the extension by which the library shares structures is unknown to other decoders. */
const packr = new Packr({ useRecords: false, variableMapSize: true });

/** Largest integer that the library packs as an integer when given a number. */
const PACKED_INTEGER_MAX = 0xffff_ffff;

/** The MessagePack reply in the exact layout of wire-compat 4.5. */
export function packLso(result: LsoResult): Uint8Array {
  const plain = lsoToMsgpackObject(result) as { readonly Entries: readonly Record<string, unknown>[] };
  for (const entry of plain.Entries) {
    // Numbers beyond 32 bits would be packed as floats, which decoders refuse for a size.
    if (typeof entry["s"] === "number" && entry["s"] > PACKED_INTEGER_MAX) entry["s"] = BigInt(entry["s"]);
  }
  return packr.pack(plain);
}
