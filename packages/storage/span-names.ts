/** Span and attribute names of the storage engine (tracing.md 4). Closed lists: nothing else names a span here. */
export const SPAN_NAMES = {
  /** The body, or as much of it as decides where it goes; a larger one is received while it is written. */
  bodyReceive: "ais.body.receive",
  /** A page of a listing out of the indexes of all mountpaths. */
  indexScan: "ais.index.scan",
  indexLookup: "ais.index.lookup",
  indexCommit: "ais.index.commit",
  fileRead: "ais.file.read",
  fileWrite: "ais.file.write",
  fileSync: "ais.file.sync",
  checksum: "ais.checksum",
  /** Of an object that arrives in parts: making a place for them, looking at what has come, and giving the place up. */
  uploadBegin: "ais.upload.begin",
  uploadCheck: "ais.upload.check",
  uploadRemove: "ais.upload.remove",
  /** Finding uploads that will never end, and removing them. */
  uploadSweep: "ais.upload.sweep",
  /** One mountpath: finding files that no record names, and removing them. */
  fileSweep: "ais.file.sweep",
  /** One mountpath: what waits for its removal goes at once. */
  fileReclaim: "ais.file.reclaim",
  /** Roots: what the store does by itself. */
  recovery: "ais.job recovery",
  fileRemoval: "ais.job file-removal",
  /** One mountpath of a job. */
  mountpath: "ais.job.mountpath",
  /** One mountpath of a check or scrub. */
  check: "ais.storage.check",
} as const;

export const SPAN_ATTRIBUTES = {
  mountpath: "ais.mountpath",
  /** `inline` or `file`. */
  layout: "ais.storage.layout",
  bytes: "ais.bytes",
  /** Operations that went into the same index transaction. */
  batchSize: "ais.batch.size",
  /** From the operation to the start of its transaction. */
  queueMs: "ais.commit.queue_ms",
  /** Of receiving: how long the sender let itself be waited for. */
  waitMs: "ais.receive.wait_ms",
  parts: "ais.upload.parts",
  uploads: "ais.uploads",
  objects: "ais.objects",
  damages: "ais.damages",
  files: "ais.files",
  removedFiles: "ais.files.removed",
  failures: "ais.failures",
  buckets: "ais.buckets",
  sendfile: "ais.sendfile",
  checksumType: "ais.checksum.type",
  /** `ok`, `mismatch`. */
  checksumOutcome: "ais.checksum.outcome",
} as const;
