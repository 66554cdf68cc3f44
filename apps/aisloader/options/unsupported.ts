const ARCHIVES = "archives are not supported";
const BATCHES = "GetBatch is not supported";
const MULTIPART = "multipart upload and download are not supported";
const REMOTE = "it is about remote buckets, which the cluster does not have";
const S3 = "this loader speaks AIStore's own API only";
const STATSD = "StatsD is not supported; use -stats-output";
const TRANSFORMS = "transformations are not supported";

/** Flags of AIStore's loader that this one refuses, and why: an ignored flag would make the figures mean something else. */
export const UNSUPPORTED: Readonly<Record<string, string>> = {
  "arch.format": ARCHIVES,
  "arch.list": ARCHIVES,
  "arch.maxsize": ARCHIVES,
  "arch.minsize": ARCHIVES,
  "arch.num-files": ARCHIVES,
  "arch.pct": ARCHIVES,
  "arch.prefix": ARCHIVES,
  cached: REMOTE,
  "cont-on-err": BATCHES,
  etl: TRANSFORMS,
  "etl-spec": TRANSFORMS,
  "evict-batchsize": REMOTE,
  "get-batchsize": BATCHES,
  latest: REMOTE,
  "list-dirs": REMOTE,
  loaderidhashlen: "loaders are numbered; use -loaderid with -loadernum",
  "mpdstream-chunk-size": MULTIPART,
  "mpdstream-workers": MULTIPART,
  "multipart-chunks": MULTIPART,
  nbi: REMOTE,
  pctmpdstream: MULTIPART,
  pctmultipart: MULTIPART,
  "perm-shuffle-max": "every epoch is a full shuffle, whatever the number of names",
  "s3-use-path-style": S3,
  s3endpoint: S3,
  s3profile: S3,
  statsdip: STATSD,
  statsdport: STATSD,
  statsdprobe: STATSD,
  tmpdir: "content comes from memory, no temporary files are written",
  tokenfile: "the cluster has no authentication",
  "trace-http": "use -trace, which makes the cluster record where the time goes",
  uniquegets: "use -epochs to read every object equally often",
};
