/** The storage engine as the target sees it (design.md 6). It knows no HTTP: failures are `AisError`s of the catalogue. */
import type { Span } from "@ais/tracing/types.ts";
import type { ChecksumType } from "@ais/wire/checksum.ts";

export interface ObjectKey {
  /** `bid` of the bucket: a bucket created again under the same name shares nothing with the old one. */
  readonly bucketId: bigint;
  /** `ais://nnn`: for texts and span attributes. */
  readonly bucketName: string;
  readonly objectName: string;
  /** Name under which placement hashes the object (wire-compat 0.3). */
  readonly uname: string;
}

export interface Checksum {
  readonly type: ChecksumType;
  /** Lower-case hex. */
  readonly value: string;
}

export interface ObjectAttributes {
  readonly sizeBytes: number;
  /** Null when the bucket's type is `none`. */
  readonly checksum: Checksum | null;
  /** `"1"`, `"2"`, …; empty when the bucket is not versioned. */
  readonly version: string;
  /** Nanoseconds since the epoch. */
  readonly createdNs: bigint;
  readonly atimeNs: bigint;
  readonly custom: Readonly<Record<string, string>>;
  readonly mountpath: string;
}

/** `fsync`: acknowledged survives power loss. `os`: acknowledged survives kill -9 of the daemon. */
export type Durability = "fsync" | "os";

export interface PutOptions {
  readonly checksumType: ChecksumType;
  readonly durability: Durability;
  readonly versioned: boolean;
  /** End-to-end checksum sent by the client; checked whatever the bucket's type is. */
  readonly expected?: Checksum;
  /** Content-Length when known; a shorter or longer body is refused and leaves nothing behind. */
  readonly sizeBytes?: number;
  readonly atimeNs?: bigint;
  readonly custom?: Readonly<Record<string, string>>;
}

/** A whole small body, or a stream that is read once with back-pressure. */
export type ObjectBody = Uint8Array | ReadableStream<Uint8Array>;

/** Bytes `firstByte` to `lastByte`, both inclusive; `suffixBytes` asks for the last bytes. */
export type ByteRange =
  | { readonly firstByte: number; readonly lastByte?: number }
  | { readonly suffixBytes: number };

export interface ObjectReader {
  readonly attributes: ObjectAttributes;
  /** What to send: the resolved range, or the whole object. */
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly content:
    | { readonly kind: "bytes"; readonly bytes: Uint8Array }
    /** `fileOffsetBytes` is where the first byte to send stands in the file. */
    | { readonly kind: "file"; readonly path: string; readonly fileOffsetBytes: number };
  /** Must be called once, when the bytes are out or the client is gone: until then the file is kept. */
  release(): void;
}

export interface GetOptions {
  readonly range?: ByteRange;
  /** Recompute the checksum before the first byte is sent. */
  readonly verify: boolean;
}

export interface ListOptions {
  readonly prefix: string;
  /** Exclusive; empty starts at the beginning. */
  readonly after: string;
  readonly limit: number;
  /** Names are skipped up to and including those that start with this text (no-recursion listing). Empty: none. */
  readonly delimiter: string;
}

export interface ListedObject {
  readonly objectName: string;
  readonly attributes: ObjectAttributes;
}

export interface ListPage {
  /** In order of the UTF-8 bytes of the name. */
  readonly objects: readonly ListedObject[];
  /** With a delimiter: the common prefixes of this page, each ending with the delimiter. */
  readonly directories: readonly string[];
  /** True when there may be more after the last name returned. */
  readonly more: boolean;
}

export interface MountpathCapacity {
  readonly path: string;
  readonly usedBytes: number;
  readonly availableBytes: number;
  readonly fsType: string;
  /** Same value for mountpaths of one file system. */
  readonly fsId: string;
  readonly device: string;
}

/** Counters since the store was opened, for metrics; `openWrites`, `receiveBufferBytes`, `deferredFiles`, `readers` are of now. */
export interface ObjectStoreStats {
  readonly puts: number;
  readonly putBytes: number;
  /** PUTs that found the same content in place and changed nothing (wire-compat 3.3). Also in `puts`. */
  readonly unchangedPuts: number;
  readonly gets: number;
  readonly getBytes: number;
  readonly deletes: number;
  /** Index transactions, and the operations that they carried. */
  readonly commitBatches: number;
  readonly commitOperations: number;
  readonly openWrites: number;
  readonly receiveBufferBytes: number;
  /** Requests refused, by limit. */
  readonly limitHits: {
    readonly openWrites: number;
    readonly receiveBuffer: number;
    readonly freeSpace: number;
  };
  /** Replaced or deleted object files that still wait for their removal. */
  readonly deferredFiles: number;
  readonly filesRemoved: number;
  /** `ObjectReader`s of files that were not released yet. */
  readonly readers: number;
  /** Reads that found damage: a wrong checksum, a missing file or one of wrong length. */
  readonly corruptObjects: number;
}

export interface ObjectStore extends AsyncDisposable {
  /**
   * Receives, checks and makes visible. When it resolves the object is whole and as durable as the policy says; when it
   * rejects nothing of it is visible or left behind. Errors: checksumMismatch, badRequest (size), outOfSpace, internal.
   */
  put(key: ObjectKey, body: ObjectBody, options: PutOptions, span: Span): Promise<ObjectAttributes>;
  /** Errors: notFound, rangeNotSatisfiable (with Content-Range), internal (corrupt). */
  get(key: ObjectKey, options: GetOptions, span: Span): Promise<ObjectReader>;
  /** Null when missing. */
  head(key: ObjectKey, span: Span): Promise<ObjectAttributes | null>;
  /** False when there was nothing to delete. When it resolves the deletion is as durable as the policy says. */
  delete(key: ObjectKey, durability: Durability, span: Span): Promise<boolean>;
  list(bucketId: bigint, options: ListOptions, span: Span): Promise<ListPage>;
  /** Removes every object of buckets not in `liveBucketIds`; cheap when there are none. Background work. */
  sweepBuckets(liveBucketIds: ReadonlySet<bigint>, span: Span): Promise<number>;
  capacity(): readonly MountpathCapacity[];
  readonly stats: ObjectStoreStats;
}
