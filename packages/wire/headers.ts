/** Header names (wire-compat 2.5), spelt as on the wire; HTTP compares them in any case. */
export const HEADERS = {
  checksumType: "Ais-Checksum-Type",
  checksumValue: "Ais-Checksum-Value",
  atime: "Ais-Atime",
  version: "Ais-Version",
  /** One line for each `key=value`. */
  customMd: "Ais-Custom-Md",
  name: "Ais-Name",
  bucketName: "Ais-Bucket-Name",
  bucketProvider: "Ais-Bucket-Provider",
  location: "Ais-Location",
  mirrorCopies: "Ais-Mirror-Copies",
  mirrorPaths: "Ais-Mirror-Paths",
  present: "Ais-Present",
  chunksCount: "Ais-Chunks-Count",
  chunksMaxSize: "Ais-Chunks-Max-Chunk-Size",
  appendHandle: "Ais-Append-Handle",
  pine: "Ais-Pine",
  bucketProps: "Ais-Bucket-Props",
  bucketSummary: "Ais-Bucket-Summ",
  xactionId: "Ais-Xaction-Id",
  nodeId: "Ais-Node-Id",
  nodeUptime: "Ais-Node-Uptime",
  clusterUptime: "Ais-Cluster-Uptime",
  nodeUrl: "Ais-Node-Url",
  nodeFlags: "Ais-Node-Flags",
  nodeVersion: "Ais-Node-Version",
  /** JSON of the error body in the reply to HEAD. */
  error: "Hdr-Error",
  /** Of a caller that wants its request traced whatever the sampler says (tracing.md 5). */
  trace: "Ais-Trace",
  /** Of a call between nodes: the cluster's signature of the trace context, where strangers' are not believed. */
  traceSignature: "Ais-Trace-Signature",
  /** Of a call between nodes: id of the calling node. */
  callerId: "Ais-Caller-Id",
  /** Of a call between nodes: that a node of the cluster makes it (`packages/node/intra-auth.ts`). */
  intraSignature: "Ais-Intra-Signature",
  accept: "Accept",
  acceptRanges: "Accept-Ranges",
  allow: "Allow",
  authorization: "Authorization",
  cacheControl: "Cache-Control",
  contentLength: "Content-Length",
  contentRange: "Content-Range",
  contentType: "Content-Type",
  contentTypeOptions: "X-Content-Type-Options",
  etag: "ETag",
  lastModified: "Last-Modified",
  locationUrl: "Location",
  range: "Range",
  userAgent: "User-Agent",
  traceparent: "traceparent",
  tracestate: "tracestate",
  baggage: "baggage",
  traceresponse: "traceresponse",
  serverTiming: "Server-Timing",
} as const;

export const CONTENT_TYPES = {
  json: "application/json; charset=utf-8",
  /** Of error bodies, exactly (wire-compat 0.2). */
  errorJson: "application/json",
  /** Exactly this, or the Python SDK does not decode it. */
  msgpack: "application/msgpack",
  text: "text/plain; charset=utf-8",
  binary: "application/octet-stream",
  /** One JSON value a line. */
  lines: "application/x-ndjson",
} as const;

/** `User-Agent` of calls between nodes. */
export const INTRA_CLUSTER_USER_AGENT = "Ais-Node";
