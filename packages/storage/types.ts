/** The storage engine as the target sees it (design.md 6). It knows no HTTP: failures are `AisError`s of the catalogue. */
import type { Span } from "@ais/tracing/types.ts";
import type { ChecksumType } from "@ais/wire/checksum.ts";
import type { MountpathReport } from "@ais/wire/storage-report.ts";

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
  /**
   * When it was written, in nanoseconds since the epoch, and one more for each change of its metadata since: of two forms of an
   * object, at two targets, the one with the greater number counts.
   */
  readonly createdNs: bigint;
  readonly atimeNs: bigint;
  readonly custom: Readonly<Record<string, string>>;
  readonly mountpath: string;
  /** Of an object that was uploaded in parts. */
  readonly parts?: ObjectParts;
}

export interface ObjectParts {
  readonly count: number;
  readonly largestBytes: number;
}

export type CustomMetadata = Readonly<Record<string, string>>;

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
  /**
   * From the metadata of the object that is replaced to that of the new one, instead of `custom`; runs inside the transaction.
   * What it throws fails the PUT, and nothing changes.
   */
  readonly mergeCustom?: (old: CustomMetadata) => CustomMetadata;
  /** Of a copy: in how many parts the original was uploaded. */
  readonly parts?: ObjectParts;
  /**
   * Of an object that moves here from another target: it keeps its time and its version, and an object in place that is at
   * least as new stays as it is.
   */
  readonly moved?: Pick<ObjectAttributes, "createdNs" | "version">;
  /** For copies: content in place counts as unchanged only when its custom metadata is the same too. */
  readonly compareCustom?: boolean;
}

/** A whole small body, or a stream that is read once with back-pressure. */
export type ObjectBody = Uint8Array | ReadableStream<Uint8Array>;

/** Bytes `firstByte` to `lastByte`, both inclusive; `suffixBytes` asks for the last bytes. */
export type ByteRange =
  | { readonly firstByte: number; readonly lastByte?: number }
  | { readonly suffixBytes: number };

/** Of a file, as `stat` gives it. */
export interface FileIdentity {
  readonly dev: number;
  readonly ino: number;
}

export interface ObjectReader {
  readonly attributes: ObjectAttributes;
  /** What to send: the resolved range, or the whole object. */
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly content:
    | { readonly kind: "bytes"; readonly bytes: Uint8Array }
    /** `fileOffsetBytes` is where the first byte to send stands in the file. */
    | {
        readonly kind: "file";
        readonly path: string;
        readonly fileOffsetBytes: number;
        /** It was looked at a moment ago, and is long enough. */
        readonly identity: FileIdentity;
      };
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

export interface LeftOvers {
  readonly files: number;
  readonly bytes: number;
}

export interface MountpathCapacity {
  readonly path: string;
  /** What this process cannot write any more, the file system's own reserve included. */
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
  /** Flushes of indexes, each of any number of transactions; one that failed ends the writing to its mountpath. */
  readonly indexFlushes: number;
  readonly indexFlushFailures: number;
  readonly openWrites: number;
  readonly receiveBufferBytes: number;
  /** Requests refused, by limit. */
  readonly limitHits: {
    readonly openWrites: number;
    readonly receiveStart: number;
    /** Bodies that came so slowly that they gave up their place to others. */
    readonly slowReceive: number;
    readonly freeSpace: number;
  };
  /** Replaced or deleted object files that still wait for their removal. */
  readonly deferredFiles: number;
  readonly filesRemoved: number;
  /** `ObjectReader`s of files that were not released yet. */
  readonly readers: number;
  /** Reads that found damage: a wrong checksum, a missing file or one of wrong length, a mark of a scrub. */
  readonly corruptObjects: number;
  /** Objects that checks and scrubs have looked at, and what they found. */
  readonly checkedObjects: number;
  readonly checkDamages: number;
  /** Objects whose content a check or scrub has compared with its checksum; `verifyMismatches` of them were wrong. */
  readonly verifiedObjects: number;
  readonly verifiedBytes: number;
  readonly verifyMismatches: number;
  /** Mountpaths whose directory or disk has gone since the store was opened. */
  readonly goneMountpaths: number;
}

export interface CheckOptions {
  /** Read all contents and compare them with their checksums. */
  readonly verify: boolean;
  /** Make reads of objects fail whose content is wrong, until it is right again or replaced. */
  readonly mark: boolean;
  /** Contents read at most; 0 sets no limit. */
  readonly bytesPerSecond: number;
  /** `ais://bucket`, for the report. */
  readonly bucketName: (bucketId: bigint) => string | null;
  readonly signal: AbortSignal;
}

export interface RunningCheck {
  /** What was found so far, by mountpath. */
  reports(): readonly MountpathReport[];
  /** Resolves at the end; rejects with the signal's reason when it was stopped, `internal` when a mountpath failed. */
  readonly done: Promise<void>;
}

export type PartOptions = Pick<PutOptions, "durability" | "expected" | "sizeBytes">;

export interface CompleteOptions {
  /** Gets the numbers of the parts that are there, in order; throws to refuse. */
  readonly check: (partNumbers: readonly number[]) => void;
  /** The object says of how many parts it is made; that of an append does not. */
  readonly isMultipart: boolean;
  readonly put: Omit<PutOptions, "custom" | "parts" | "sizeBytes">;
}

/**
 * Objects that arrive in parts. Parts are invisible until the upload is completed, survive restarts, and are removed when
 * it is completed or aborted, when its bucket is gone, or after `uploadIdleMs` without a new part.
 */
export interface ObjectUploads {
  /** Resolves with the id of the upload. `custom` becomes the object's. */
  create(key: ObjectKey, custom: CustomMetadata, durability: Durability, span: Span): Promise<string>;
  /**
   * Resolves with the size of the part, which is whole and as durable as asked for. One that is there already under the
   * number is replaced. Errors: those of `put`; notFound without such an upload, conflict while it ends.
   */
  putPart(
    key: ObjectKey,
    uploadId: string,
    partNumber: number,
    body: ObjectBody,
    options: PartOptions,
    span: Span,
  ): Promise<number>;
  /** Puts the object, all parts in order, and forgets the upload. When it rejects the upload is as it was. */
  complete(key: ObjectKey, uploadId: string, options: CompleteOptions, span: Span): Promise<ObjectAttributes>;
  abort(key: ObjectKey, uploadId: string, span: Span): Promise<void>;
  /** Removes uploads that will never end; resolves with their number. Background work. */
  sweep(liveBucketIds: ReadonlySet<bigint>, span: Span): Promise<number>;
}

export interface ObjectStore extends AsyncDisposable {
  /**
   * Receives, checks and makes visible. When it resolves the object is whole and as durable as the policy says; when it
   * rejects nothing of it is visible or left behind. Errors: checksumMismatch, badRequest (size), outOfSpace, internal.
   */
  put(key: ObjectKey, body: ObjectBody, options: PutOptions, span: Span): Promise<ObjectAttributes>;
  /**
   * A promise only where something has to be waited for. Rejects, and never throws: notFound, rangeNotSatisfiable (with
   * Content-Range), internal (corrupt).
   */
  get(key: ObjectKey, options: GetOptions, span: Span): ObjectReader | Promise<ObjectReader>;
  /** Null when missing. No promise when nothing had to be waited for; failures are thrown then. */
  head(key: ObjectKey, span: Span): ObjectAttributes | null | Promise<ObjectAttributes | null>;
  /**
   * False when there was nothing to delete. When it resolves the deletion is as durable as the policy says. An object that was
   * written after `notNewerThanNs`, where that is given, is not meant and stays.
   */
  delete(key: ObjectKey, durability: Durability, span: Span, notNewerThanNs?: bigint): Promise<boolean>;
  /** False when the object is not the one any more that `looked` describes; nothing is deleted then. */
  deleteUnchanged(key: ObjectKey, looked: ObjectAttributes, span: Span): Promise<boolean>;
  /**
   * Null when missing. `change` turns the metadata that is there into the new one; what it throws refuses the change.
   * When it resolves the change is as durable as the policy says.
   */
  setCustom(
    key: ObjectKey,
    change: (custom: CustomMetadata) => CustomMetadata,
    durability: Durability,
    span: Span,
  ): Promise<ObjectAttributes | null>;
  readonly uploads: ObjectUploads;
  list(bucketId: bigint, options: ListOptions, span: Span): Promise<ListPage>;
  /** Removes every object of buckets not in `liveBucketIds`; cheap when there are none. Background work. */
  sweepBuckets(liveBucketIds: ReadonlySet<bigint>, span: Span): Promise<number>;
  /** Starts to look for damage, in the background. Changes nothing but the marks. */
  check(options: CheckOptions, span: Span): RunningCheck;
  /** Removes files that no record names and that nobody has changed for `olderThanMs`. Background work. */
  sweepLeftOvers(olderThanMs: number, span: Span): Promise<LeftOvers>;
  /** Removes replaced and deleted files at once that nobody reads, grace period or not. */
  reclaimSpace(span: Span): Promise<void>;
  /** As of `maxAgeMs` ago or later; `capacityCacheMs` without it. */
  capacity(maxAgeMs?: number): readonly MountpathCapacity[];
  readonly stats: ObjectStoreStats;
}
