/** What the spans of a mountpath have in common, encoded once. */
import { AttributeBlock } from "@ais/tracing/attribute-block.ts";
import { SPAN_ATTRIBUTES } from "./span-names.ts";

interface MountpathBlocks {
  readonly located: { readonly inline: AttributeBlock; readonly file: AttributeBlock };
  readonly readInline: AttributeBlock;
}

const blocksOf = new WeakMap<object, MountpathBlocks>();

/** The same blocks for the same mountpath. */
export function mountpathBlocks(mountpath: { readonly path: string }): MountpathBlocks {
  let blocks = blocksOf.get(mountpath);
  if (blocks === undefined) {
    const base = { [SPAN_ATTRIBUTES.mountpath]: mountpath.path };
    const inline = { ...base, [SPAN_ATTRIBUTES.layout]: "inline" };
    const file = { ...base, [SPAN_ATTRIBUTES.layout]: "file" };
    blocks = {
      located: { inline: new AttributeBlock(inline), file: new AttributeBlock(file) },
      readInline: new AttributeBlock({ ...inline, [SPAN_ATTRIBUTES.sendfile]: false }),
    };
    blocksOf.set(mountpath, blocks);
  }
  return blocks;
}
