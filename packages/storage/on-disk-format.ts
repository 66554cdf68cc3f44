/**
 * What a mountpath holds; docs/on-disk-format.md tells it to users, with the rules about crashes. Integers are little-endian unless said otherwise; every structure starts or ends with its
 * version, and a newer version than ours is refused.
 *
 *     mountpath.json          marker: which cluster, node and mountpath this is (mountpath.ts)
 *     lock                    held with flock(2) while a daemon has the mountpath open
 *     index/                  one LMDB environment (index/object-index.ts); `flushed-<n>` says which state of it is on the
 *                             disk for certain (index-file/flush-point.ts); `opening` and `committing` are locks of the
 *                             processes of one target (index/commit-gate.ts)
 *     objects/00/ … ff/       object files, spread by the lowest byte of their id (files/object-path.ts)
 *     aside-<time>/           what a rebuild of the index replaced and did not use (rebuild/rebuild-mountpath.ts)
 *     uploads/<id>/           uploads in parts that have not ended (uploads/upload-files.ts): `upload.json` with bucket id,
 *                             object name and custom metadata; `part-000001` … with the part's bytes and their XXH64 (u64)
 *
 * Index, database `objects`: key = bucket id (8 bytes, big-endian) + object name (UTF-8), so that the order of keys is
 * the order of listing. Value (index/record.ts):
 *
 *      0  u8   record version, 1
 *      1  u8   flags: 1 = body is in an object file, 2 = has custom metadata, 4 = its content was found damaged
 *      2  u8   checksum type, its place in CHECKSUM_CODES
 *      3  u8   checksum length in bytes
 *      4  u64  size of the object
 *     12  u64  version counter; 0 = not versioned
 *     20  u64  created, nanoseconds since the epoch
 *     28  u64  last access, nanoseconds since the epoch
 *     36  u64  id of the object file; 0 when the body is inline
 *     44  u32  length of the custom metadata
 *     48  checksum, custom metadata (MessagePack map of text), body when inline
 *
 * Database `files`: key = id of an object file (8 bytes, big-endian), value = the key of the record that names it. It
 * changes in the same transaction as the record. An object file that is not in it is garbage: of a write that
 * never became visible, or of an object that was replaced or deleted.
 *
 * Database `meta`: key `run`, value u32: how many times the mountpath was opened. It is the upper half of the
 * object file ids made in that run, so that no id is ever used twice.
 *
 * Object file: named by its id in 16 hexadecimal digits; the object's bytes never change once it has that name; `….tmp`
 * while it is being written.
 * The object's bytes from offset 0, then the trailer (files/trailer.ts), from which a lost index can be rebuilt:
 *
 *     MessagePack array: bucket id (text), bucket name, object name, size, checksum type, checksum, version counter,
 *                        created, last access (text), custom metadata
 *     u32  length of the array
 *     u16  trailer version, 1
 *     u16  zero
 *     u64  XXH64 of everything before it in the trailer
 *     8 bytes "AISTOBJ\n", the mark: cut off when the object is replaced or deleted, so that a rebuild of the index passes
 *     over a file that only waits for its removal
 *
 * A change of custom metadata rewrites the trailer, after the index has it. The map also holds what the engine keeps for
 * itself, under keys that start with U+0001 (engine-metadata.ts).
 *
 * The version counter in the trailer is what it was going to be when the file was written; a concurrent PUT of the same
 * object can make it differ from the index, which is right.
 */
import type { ChecksumType } from "@ais/wire/checksum.ts";

/** 2: transactions of the index are committed without a flush, and flush points say what is on the disk. */
export const MOUNTPATH_FORMAT_VERSION = 2;

export const MARKER_FILE = "mountpath.json";
export const LOCK_FILE = "lock";
export const INDEX_DIRECTORY = "index";
/** LMDB's name inside of it. */
export const INDEX_DATA_FILE = "data.mdb";
/** Beside it. */
export const FLUSH_POINT_FILE = "flushed-0";
/** Beside it, of no value when nobody has the index open: LMDB's own, and those of the processes of one target. */
export const INDEX_LOCK_FILES = { lmdb: "lock.mdb", opening: "opening", committing: "committing" } as const;
/** Names of the databases in the index. */
export const DATABASES = { objects: "objects", files: "files", meta: "meta" } as const;
/** In `meta`. */
export const RUN_KEY = Buffer.from("run");
/** Where a rebuild makes the new index, and what it starts the names with under which it keeps what it replaced. */
export const REBUILD_DIRECTORY = "index-rebuild";
export const ASIDE_PREFIX = "aside-";
export const OBJECTS_DIRECTORY = "objects";
export const OBJECT_SUBDIRECTORY_COUNT = 256;

/** Never reorder: the place is on disk. */
export const CHECKSUM_CODES = [
  "none",
  "xxhash",
  "xxhash2",
  "md5",
  "crc32c",
  "sha256",
  "sha512",
] as const satisfies readonly ChecksumType[];
