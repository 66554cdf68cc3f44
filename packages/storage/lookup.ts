import { must } from "@ais/base/assert.ts";
import type { Span } from "@ais/tracing/types.ts";
import { callerMetadata, partsOf } from "./engine-metadata.ts";
import type { FoundRecord } from "./index/object-index.ts";
import type { IndexRecord, NewRecord } from "./index/record.ts";
import { mountpathBlocks } from "./span-blocks.ts";
import { SPAN_NAMES } from "./span-names.ts";
import type { OpenMountpath, StoreContext } from "./store-context.ts";
import type { ObjectAttributes, ObjectKey } from "./types.ts";

export class LocatedRecord implements FoundRecord {
  readonly #found: FoundRecord;
  readonly record: IndexRecord;
  readonly mountpath: OpenMountpath;

  constructor(found: FoundRecord, mountpath: OpenMountpath) {
    this.#found = found;
    this.record = found.record;
    this.mountpath = mountpath;
  }

  copyBody(firstByte: number, lengthBytes: number): Buffer {
    return this.#found.copyBody(firstByte, lengthBytes);
  }
}

/** Where a new object goes. */
export function homeOf(context: StoreContext, key: ObjectKey): OpenMountpath {
  return must(context.hrw.chooseTarget(context.mountpaths, key.uname), "a store has mountpaths");
}

/**
 * The object's record. Objects written before a mountpath was added or taken away may stand elsewhere than at home,
 * so a miss asks the other mountpaths as well.
 */
export function locate(context: StoreContext, key: ObjectKey, indexKey: Uint8Array): LocatedRecord | null {
  const home = homeOf(context, key);
  const found = home.index.find(indexKey);
  if (found !== null) return new LocatedRecord(found, home);
  for (const mountpath of context.mountpaths) {
    const strayed = mountpath === home ? null : mountpath.index.find(indexKey);
    if (strayed !== null) return new LocatedRecord(strayed, mountpath);
  }
  return null;
}

/** `locate` under its span. */
export function tracedLocate(
  context: StoreContext,
  key: ObjectKey,
  indexKey: Uint8Array,
  parent: Span,
): LocatedRecord | null {
  const span = parent.child(SPAN_NAMES.indexLookup);
  try {
    const located = locate(context, key, indexKey);
    if (span.recording && located !== null) {
      span.add(mountpathBlocks(located.mountpath).located[layoutOf(located.record)]);
    }
    return located;
  } finally {
    span.end();
  }
}

export function layoutOf(record: { readonly fileId: bigint }): "inline" | "file" {
  return record.fileId === 0n ? "inline" : "file";
}

export function attributesOf(record: NewRecord, mountpath: OpenMountpath): ObjectAttributes {
  const parts = partsOf(record.custom);
  const attributes = {
    sizeBytes: record.sizeBytes,
    checksum: record.checksum,
    version: record.versionCounter === 0 ? "" : String(record.versionCounter),
    createdNs: record.createdNs,
    atimeNs: record.atimeNs,
    custom: callerMetadata(record.custom),
    mountpath: mountpath.path,
  };
  return parts === null ? attributes : { ...attributes, parts };
}

/** `ais://bucket/object`: for texts. */
export function objectCname(key: ObjectKey): string {
  return `${key.bucketName}/${key.objectName}`;
}
