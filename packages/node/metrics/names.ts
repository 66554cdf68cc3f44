/** AIStore's metrics under their internal names (wire-compat 11): what `what=metrics`, the tracker and Prometheus show. */
import type { Operation } from "@ais/wire/operations.ts";
import type { DaemonType } from "@ais/wire/smap.ts";

export type MetricKind = "counter" | "total" | "size" | "gauge" | "compbw" | "special";

export interface MetricEntry {
  readonly kind: MetricKind;
  readonly help: string;
  /** Label names; they are there and empty unless detailed metrics are on. */
  readonly labels: readonly string[];
  readonly roles: readonly DaemonType[];
}

const BOTH: readonly DaemonType[] = ["proxy", "target"];
const TARGET: readonly DaemonType[] = ["target"];
const BUCKET = ["bucket"] as const;
const BUCKET_XKIND = ["bucket", "xkind"] as const;

function entry(
  kind: MetricKind,
  help: string,
  roles: readonly DaemonType[],
  labels: readonly string[] = [],
): MetricEntry {
  return { kind, help, labels, roles };
}

export const METRICS: Readonly<Record<string, MetricEntry>> = {
  "get.n": entry("counter", "GET requests executed", BOTH, BUCKET),
  "put.n": entry("counter", "PUT requests executed", BOTH, BUCKET_XKIND),
  "head.n": entry("counter", "HEAD requests executed", BOTH, BUCKET),
  "append.n": entry("counter", "APPEND requests executed", BOTH, BUCKET),
  "del.n": entry("counter", "DELETE requests executed", BOTH, BUCKET),
  "ren.n": entry("counter", "renames executed", BOTH, BUCKET),
  "lst.n": entry("counter", "listings executed", BOTH, BUCKET),
  "err.get.n": entry("counter", "GET requests failed", BOTH, BUCKET),
  "err.put.n": entry("counter", "PUT requests failed", BOTH, BUCKET_XKIND),
  "err.head.n": entry("counter", "HEAD requests failed", BOTH, BUCKET),
  "err.append.n": entry("counter", "APPEND requests failed", BOTH, BUCKET),
  "err.del.n": entry("counter", "DELETE requests failed", BOTH, BUCKET),
  "err.ren.n": entry("counter", "renames failed", BOTH, BUCKET),
  "err.lst.n": entry("counter", "listings failed", BOTH, BUCKET),
  "err.kalive.n": entry("counter", "failures to keep the membership alive", BOTH),
  "err.http.write.n": entry("counter", "replies whose client went away before their end", BOTH),
  "get.ns.total": entry("total", "cumulative latency of GET in nanoseconds", BOTH, BUCKET),
  "up.ns.time": entry("special", "time since the start in nanoseconds", BOTH),
  "get.size": entry("size", "bytes read by GET", TARGET, BUCKET),
  "put.size": entry("size", "bytes written by PUT", TARGET, BUCKET_XKIND),
  "put.ns.total": entry("total", "cumulative latency of PUT in nanoseconds", TARGET, BUCKET_XKIND),
  "head.ns.total": entry("total", "cumulative latency of HEAD in nanoseconds", TARGET, BUCKET),
  "err.put.cksum.n": entry("counter", "PUT requests refused for a wrong checksum", TARGET, BUCKET_XKIND),
  "err.io.get.n": entry("counter", "GET requests failed for input or output errors", TARGET, BUCKET),
  "err.io.put.n": entry("counter", "PUT requests failed for input or output errors", TARGET, BUCKET_XKIND),
  "err.io.del.n": entry("counter", "DELETE requests failed for input or output errors", TARGET, BUCKET),
  "lru.evict.n": entry("counter", "objects evicted to make room", TARGET),
  "lru.evict.size": entry("size", "bytes of objects evicted to make room", TARGET),
  "cleanup.store.n": entry("counter", "objects and files removed as left over", TARGET),
  "cleanup.store.size": entry("size", "bytes removed as left over", TARGET),
  "getbatch.n": entry("counter", "GetBatch requests executed", TARGET),
  "stream.out.n": entry("counter", "objects sent to other targets", TARGET),
  "stream.out.size": entry("size", "bytes sent to other targets", TARGET),
  "stream.in.n": entry("counter", "objects received from other targets", TARGET),
  "stream.in.size": entry("size", "bytes received from other targets", TARGET),
};

export function isErrorCount(internalName: string): boolean {
  return internalName.startsWith("err.");
}

/** Internal name to the name that Prometheus sees, without the `ais_<role>_` prefix. */
export function prometheusSuffix(internalName: string): string {
  if (internalName.endsWith(".size")) return `${internalName.slice(0, -5).replaceAll(".", "_")}_bytes`;
  if (internalName.endsWith(".n")) return `${internalName.slice(0, -2).replaceAll(".", "_")}_count`;
  return internalName.replaceAll(".", "_");
}

/** The first part of the internal names that an operation counts under. */
export const COUNTED_AS: Readonly<Partial<Record<Operation, string>>> = {
  "object.get": "get",
  "object.put": "put",
  "object.head": "head",
  "object.delete": "del",
  "object.list": "lst",
  "intra.list": "lst",
};
