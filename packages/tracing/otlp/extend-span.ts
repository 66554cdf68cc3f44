import type { Attributes } from "../types.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { encodeAttributes } from "./encode.ts";

const SPANS_TAG = 0x12;
const ATTRIBUTES_TAG = 0x4a;
const LENGTH_BYTES_MAX = 5;

/** Appends `item`, which `encodeSpan` made, with more attributes: the fields of a message may come in any order. */
export function extendSpan(w: ByteWriter, item: Uint8Array, attributes: Attributes): void {
  w.reserve(item.length + LENGTH_BYTES_MAX);
  w.byte(SPANS_TAG);
  const start = w.open();
  w.raw(item.subarray(messageStart(item)));
  encodeAttributes(w, ATTRIBUTES_TAG, attributes);
  w.close(start);
}

/** After the tag and the length. */
function messageStart(item: Uint8Array): number {
  let at = 1;
  while ((item[at] ?? 0) > 127) at++;
  return at + 1;
}
